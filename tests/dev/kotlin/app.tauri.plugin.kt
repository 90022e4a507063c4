// What we use of it, and no more: enough for the compiler to read our own files.
package app.tauri.plugin

import android.app.Activity
class Invoke { fun <T> parseArgs(c: Class<T>): T = TODO(); fun resolve() {} }
abstract class Plugin(a: Activity) { fun requestPermissionForAlias(alias: String, invoke: Invoke, callback: String) {} }
