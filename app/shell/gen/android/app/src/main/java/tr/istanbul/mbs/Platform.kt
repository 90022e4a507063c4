package tr.istanbul.mbs

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import app.tauri.annotation.Command
import app.tauri.annotation.InvokeArg
import app.tauri.annotation.PermissionCallback
import app.tauri.annotation.Permission
import app.tauri.annotation.TauriPlugin
import app.tauri.plugin.Invoke
import app.tauri.plugin.Plugin

@InvokeArg
class Call {
  lateinit var number: String
}

/** What only the system can do for the window. In Rust: `app/shell/src/platform.rs`. */
@TauriPlugin(permissions = [Permission(strings = [Manifest.permission.POST_NOTIFICATIONS], alias = Platform.NOTICES)])
class Platform(private val activity: Activity) : Plugin(activity) {
  /** Opens the telephone with that number; the person presses the button. */
  @Command
  fun dial(invoke: Invoke) {
    val number = invoke.parseArgs(Call::class.java).number
    try {
      activity.startActivity(Intent(Intent.ACTION_DIAL, Uri.fromParts("tel", number, null)))
    } catch (error: ActivityNotFoundException) {
      // A tablet without a telephone: the number stands on the page.
    }
    invoke.resolve()
  }

  /** Asks whether notifications may be shown. The system asks a person twice at most, and then no more. */
  @Command
  fun askToTell(invoke: Invoke) {
    if (Notices.allowed(activity)) invoke.resolve() else requestPermissionForAlias(NOTICES, invoke, "asked")
  }

  @PermissionCallback
  fun asked(invoke: Invoke) {
    invoke.resolve()
  }

  companion object {
    const val NOTICES = "notices"
  }
}
