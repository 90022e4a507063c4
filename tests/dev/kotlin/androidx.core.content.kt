// What we use of it, and no more: enough for the compiler to read our own files.
package androidx.core.content

import android.content.Intent
class IntentCompat {
  companion object {
    @JvmStatic fun <T> getParcelableExtra(i: Intent, n: String, c: Class<T>): T? = null
    @JvmStatic fun <T> getParcelableArrayListExtra(i: Intent, n: String, c: Class<T>): ArrayList<T>? = null
  }
}
