package tr.istanbul.mbs

import android.content.Context
import android.net.ConnectivityManager
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.ProcessLifecycleOwner
import androidx.work.Constraints
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.NetworkType
import androidx.work.PeriodicWorkRequest
import androidx.work.WorkManager
import androidx.work.Worker
import androidx.work.WorkerParameters
import java.util.concurrent.TimeUnit

/** Sends and fetches while the app is closed: every quarter of an hour at best, and when the network is back. */
class SyncWorker(context: Context, parameters: WorkerParameters) : Worker(context, parameters) {
  override fun doWork(): Result {
    val network = applicationContext.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    val looking = ProcessLifecycleOwner.get().lifecycle.currentState.isAtLeast(Lifecycle.State.STARTED)
    return when (Core.round(applicationContext, network.isActiveNetworkMetered, looking)) {
      Core.TELL -> {
        Notices.show(applicationContext)
        Result.success()
      }
      Core.AGAIN -> Result.retry()
      else -> Result.success()
    }
  }

  companion object {
    private const val NAME = "sync"

    fun plan(context: Context) {
      val network = Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build()
      val work = PeriodicWorkRequest.Builder(SyncWorker::class.java, 15, TimeUnit.MINUTES).setConstraints(network).build()
      WorkManager.getInstance(context).enqueueUniquePeriodicWork(NAME, ExistingPeriodicWorkPolicy.KEEP, work)
    }
  }
}
