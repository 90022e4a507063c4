package tr.istanbul.mbs

import android.os.Build
import android.os.Bundle
import android.os.Environment
import android.view.WindowManager
import androidx.activity.enableEdgeToEdge

class MainActivity : TauriActivity() {
  override fun onCreate(savedInstanceState: Bundle?) {
    enableEdgeToEdge()
    forgetOriginals()
    super.onCreate(savedInstanceState)
    keepOutOfRecents()
  }

  // The list of recent apps shows a picture of each, whoever holds the tablet and whatever its PIN is.
  private fun keepOutOfRecents() {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) setRecentsScreenshotEnabled(false)
    // Before Android 13 this can only be had together with "no screenshots at all".
    else window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
  }

  // The camera app leaves its original in this folder. The core keeps its own, smaller copy in the
  // encrypted database, so an original that is a day old is nothing but an unencrypted leftover.
  private fun forgetOriginals() {
    val yesterday = System.currentTimeMillis() - 24L * 60 * 60 * 1000
    getExternalFilesDir(Environment.DIRECTORY_PICTURES)
      ?.listFiles()
      ?.filter { it.lastModified() < yesterday }
      ?.forEach { it.delete() }
  }
}
