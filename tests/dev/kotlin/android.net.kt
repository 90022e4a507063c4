// What we use of it, and no more: enough for the compiler to read our own files.
package android.net

class Uri {
  val scheme: String? = null
  val authority: String? = null
  companion object { @JvmStatic fun fromParts(a: String, b: String, c: String?): Uri = Uri() }
}
class ConnectivityManager { val isActiveNetworkMetered: Boolean = false }
