// What we use of it, and no more: enough for the compiler to read our own files.
package androidx.core.app

import android.app.*
import android.content.Context
class NotificationCompat {
  class Builder(c: Context, ch: String) {
    fun setSmallIcon(i: Int) = this
    fun setContentTitle(s: CharSequence) = this
    fun setContentText(s: CharSequence) = this
    fun setContentIntent(p: PendingIntent) = this
    fun setAutoCancel(b: Boolean) = this
    fun setOnlyAlertOnce(b: Boolean) = this
    fun build() = Notification()
  }
}
