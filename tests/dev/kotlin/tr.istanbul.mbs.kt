// What the build generates of ours.
package tr.istanbul.mbs

open class TauriActivity : android.app.Activity()
class R {
  class string {
    companion object {
      const val app_name = 1
      const val notices_name = 2
      const val notices_came = 3
    }
  }
  class drawable {
    companion object {
      const val ic_launcher_mark = 1
    }
  }
}
