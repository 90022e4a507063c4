// What we use of it, and no more: enough for the compiler to read our own files.
package android.view

class Window { fun addFlags(i: Int) {} }
class WindowManager { class LayoutParams { companion object { const val FLAG_SECURE = 1 } } }
