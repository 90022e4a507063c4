// What we use of it, and no more: enough for the compiler to read our own files.
package android.app

import android.content.*
open class Activity : Context() {
  open fun onCreate(b: android.os.Bundle?) {}
  open fun onNewIntent(i: Intent) {}
  val intent: Intent = Intent()
  val window = android.view.Window()
  fun setRecentsScreenshotEnabled(b: Boolean) {}
}
class NotificationChannel(id: String, name: CharSequence, importance: Int)
class Notification
class NotificationManager {
  fun createNotificationChannel(c: NotificationChannel) {}
  fun notify(id: Int, n: Notification) {}
  companion object { const val IMPORTANCE_DEFAULT = 3 }
}
class PendingIntent {
  companion object {
    const val FLAG_IMMUTABLE = 1
    @JvmStatic fun getActivity(c: Context, r: Int, i: Intent, f: Int): PendingIntent = PendingIntent()
  }
}
