// What we use of it, and no more: enough for the compiler to read our own files.
package android

class Manifest { class permission { companion object { const val POST_NOTIFICATIONS = "p" } } }
