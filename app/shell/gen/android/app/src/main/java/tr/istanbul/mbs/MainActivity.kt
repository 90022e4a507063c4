package tr.istanbul.mbs

import android.os.Bundle
import android.os.Environment
import androidx.activity.enableEdgeToEdge

class MainActivity : TauriActivity() {
  override fun onCreate(savedInstanceState: Bundle?) {
    enableEdgeToEdge()
    forgetOriginals()
    super.onCreate(savedInstanceState)
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
