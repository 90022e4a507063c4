package tr.istanbul.mbs

import android.content.Context
import android.os.Environment

/** The core without a window: what `SyncWorker` calls. In Rust: `app/shell/src/android.rs`. */
object Core {
  const val TELL = 1
  const val AGAIN = 2

  init {
    System.loadLibrary("mbs_shell")
  }

  /** Sends what waits and fetches what there is; waits for the network. What came of it: [TELL], [AGAIN] or nothing of note. */
  fun round(context: Context, metered: Boolean, looking: Boolean): Int {
    val documents = context.getExternalFilesDir(Environment.DIRECTORY_DOCUMENTS)?.path
    // Not while the window begins: the key store's Java context may be set by one of the two only.
    val ready = synchronized(this) { begin(context, context.dataDir.path, documents) }
    return if (ready) round(metered, looking) else AGAIN
  }

  private external fun begin(context: Context, data: String, documents: String?): Boolean

  private external fun round(metered: Boolean, looking: Boolean): Int
}
