// What we use of it, and no more: enough for the compiler to read our own files.
package androidx.lifecycle

abstract class Lifecycle {
  enum class State { STARTED; fun isAtLeast(s: State) = true }
  abstract val currentState: State
}
interface LifecycleOwner { val lifecycle: Lifecycle }
class ProcessLifecycleOwner { companion object { @JvmStatic fun get(): LifecycleOwner = TODO() } }
