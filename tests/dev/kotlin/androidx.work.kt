// What we use of it, and no more: enough for the compiler to read our own files.
package androidx.work

import android.content.Context
import java.util.concurrent.TimeUnit
open class WorkerParameters
abstract class ListenableWorker(val applicationContext: Context, p: WorkerParameters) {
  abstract class Result {
    companion object { @JvmStatic fun success(): Result = TODO(); @JvmStatic fun retry(): Result = TODO() }
  }
}
abstract class Worker(c: Context, p: WorkerParameters) : ListenableWorker(c, p) { abstract fun doWork(): Result }
class Constraints {
  class Builder { fun setRequiredNetworkType(n: NetworkType): Builder = this; fun build() = Constraints() }
}
enum class NetworkType { CONNECTED }
enum class ExistingPeriodicWorkPolicy { KEEP }
class PeriodicWorkRequest {
  class Builder(k: Class<out ListenableWorker>, n: Long, u: TimeUnit) {
    fun setConstraints(c: Constraints): Builder = this
    fun build() = PeriodicWorkRequest()
  }
}
class WorkManager {
  fun enqueueUniquePeriodicWork(n: String, p: ExistingPeriodicWorkPolicy, w: PeriodicWorkRequest) {}
  companion object { @JvmStatic fun getInstance(c: Context) = WorkManager() }
}
