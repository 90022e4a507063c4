// What we use of it, and no more: enough for the compiler to read our own files.
package android.os

class Bundle
class Environment {
  companion object {
    const val DIRECTORY_DOCUMENTS = "d"
    const val DIRECTORY_PICTURES = "p"
  }
}
class Build {
  class VERSION {
    companion object { @JvmField val SDK_INT = 34 }
  }
  class VERSION_CODES {
    companion object { const val TIRAMISU = 33 }
  }
}
