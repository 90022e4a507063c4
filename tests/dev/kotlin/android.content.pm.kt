// What we use of it, and no more: enough for the compiler to read our own files.
package android.content.pm

class PackageManager { companion object { const val PERMISSION_GRANTED = 0 } }
