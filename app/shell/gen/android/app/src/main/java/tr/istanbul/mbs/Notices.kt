package tr.istanbul.mbs

import android.Manifest
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import androidx.core.app.NotificationCompat

/** Says that something came in, never what: anybody may see it, on a locked screen too. */
object Notices {
  private const val CHANNEL = "came"
  private const val ID = 1

  fun allowed(context: Context): Boolean =
    Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU ||
      context.checkSelfPermission(Manifest.permission.POST_NOTIFICATIONS) == PackageManager.PERMISSION_GRANTED

  fun show(context: Context) {
    if (!allowed(context)) return
    val notices = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
    val name = context.getString(R.string.notices_name)
    notices.createNotificationChannel(NotificationChannel(CHANNEL, name, NotificationManager.IMPORTANCE_DEFAULT))
    val open = Intent(context, MainActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
    val notice = NotificationCompat.Builder(context, CHANNEL)
      .setSmallIcon(R.drawable.ic_launcher_mark)
      .setContentTitle(context.getString(R.string.app_name))
      .setContentText(context.getString(R.string.notices_came))
      .setContentIntent(PendingIntent.getActivity(context, 0, open, PendingIntent.FLAG_IMMUTABLE))
      .setAutoCancel(true)
      .setOnlyAlertOnce(true)
      .build()
    notices.notify(ID, notice)
  }
}
