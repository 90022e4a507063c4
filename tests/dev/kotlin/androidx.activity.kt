// What we use of it, and no more: enough for the compiler to read our own files.
package androidx.activity

import android.app.Activity
fun Activity.enableEdgeToEdge() {}
