// What we use of it, and no more: enough for the compiler to read our own files.
package android.content

import android.net.Uri
import java.io.File
open class Context {
  val applicationContext: Context = this
  val dataDir: File = File("")
  val packageName: String = ""
  val contentResolver = ContentResolver()
  fun getExternalFilesDir(s: String?): File? = null
  fun getSystemService(n: String): Any = n
  fun getString(i: Int): String = ""
  fun checkSelfPermission(s: String): Int = 0
  fun startActivity(i: Intent) {}
  companion object {
    const val CONNECTIVITY_SERVICE = "c"
    const val NOTIFICATION_SERVICE = "n"
  }
}
class ContentResolver {
  fun openInputStream(u: Uri): java.io.InputStream? = null
  companion object { const val SCHEME_CONTENT = "content" }
}
class Intent() {
  constructor(c: Context, k: Class<*>) : this()
  constructor(a: String, u: Uri) : this()
  var action: String? = null
  fun addFlags(i: Int): Intent = this
  companion object {
    const val ACTION_SEND = "a"
    const val ACTION_SEND_MULTIPLE = "b"
    const val EXTRA_STREAM = "s"
    const val FLAG_ACTIVITY_NEW_TASK = 1
    const val ACTION_DIAL = "d"
  }
}
class ActivityNotFoundException : RuntimeException()
