package tr.istanbul.mbs

import android.content.ContentResolver
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.os.Environment
import android.view.WindowManager
import androidx.activity.enableEdgeToEdge
import androidx.core.content.IntentCompat
import java.io.File
import java.io.IOException

class MainActivity : TauriActivity() {
  override fun onCreate(savedInstanceState: Bundle?) {
    enableEdgeToEdge()
    forgetOriginals()
    // Opened anew after it was ended, the app is given the same intent once more.
    if (savedInstanceState == null) keepShared(intent) else keepTaken()
    // A round in the background may be at the key store just now.
    synchronized(Core) { super.onCreate(savedInstanceState) }
    keepOutOfRecents()
    SyncWorker.plan(applicationContext)
  }

  override fun onNewIntent(intent: Intent) {
    super.onNewIntent(intent)
    keepShared(intent)
  }

  // Photos that another app shares are copied for the core, which takes them in when the screens ask (and nobody has to
  // unlock first) and removes them. Only what another app offers: a path of our own would let it read our files.
  private fun keepShared(intent: Intent) {
    val photos = when (intent.action) {
      Intent.ACTION_SEND -> listOfNotNull(IntentCompat.getParcelableExtra(intent, Intent.EXTRA_STREAM, Uri::class.java))
      Intent.ACTION_SEND_MULTIPLE ->
        IntentCompat.getParcelableArrayListExtra(intent, Intent.EXTRA_STREAM, Uri::class.java).orEmpty()
      else -> return
    }
    val folder = File(dataDir, SHARED).apply { mkdirs() }
    val free = (1..MOST).map { File(folder, it.toString()) }.filterNot { it.exists() }
    val offered = photos.filter { it.scheme == ContentResolver.SCHEME_CONTENT && it.authority?.startsWith(packageName) != true }
    for ((photo, file) in offered.zip(free)) {
      // Whole or not at all: what is cut off has another name.
      val part = File(folder, "${file.name}.part")
      val copied = try {
        contentResolver.openInputStream(photo)?.use { from -> part.outputStream().use { copyAtMost(from, it) } } ?: false
      } catch (error: IOException) {
        false
      } catch (error: SecurityException) {
        false
      }
      if (!copied || !part.renameTo(file)) part.delete()
    }
  }

  // Ended while the camera was open, the app never hears that the photo was taken. The newest one is copied for the core, which
  // knows whether it waits for one, and for which request.
  private fun keepTaken() {
    val recent = System.currentTimeMillis() - 60L * 60 * 1000
    val photo = getExternalFilesDir(Environment.DIRECTORY_PICTURES)
      ?.listFiles()
      ?.filter { it.length() > 0 && it.lastModified() > recent }
      ?.sortedByDescending { it.lastModified() }
      ?.firstOrNull() ?: return
    val folder = File(dataDir, SHARED).apply { mkdirs() }
    val part = File(folder, "$TAKEN.part")
    val copied = try {
      photo.inputStream().use { from -> part.outputStream().use { copyAtMost(from, it) } }
    } catch (error: IOException) {
      false
    }
    // By its time the core knows an earlier one, which lies there still where none was taken now.
    part.setLastModified(photo.lastModified())
    if (!copied || !part.renameTo(File(folder, TAKEN))) part.delete()
  }

  // False where there is more than a photo may have: another app's stream may never end.
  private fun copyAtMost(from: java.io.InputStream, to: java.io.OutputStream): Boolean {
    val block = ByteArray(64 * 1024)
    var left = LARGEST
    while (true) {
      val read = from.read(block)
      if (read < 0) return true
      left -= read
      if (left < 0) return false
      to.write(block, 0, read)
    }
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

  private companion object {
    // As the core has them: door/shared.rs, its largest photo and the most of a request.
    const val SHARED = "shared"
    const val TAKEN = "taken"
    const val MOST = 6
    const val LARGEST = 24 * 1024 * 1024
  }
}
