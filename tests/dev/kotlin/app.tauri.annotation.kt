// What we use of it, and no more: enough for the compiler to read our own files.
package app.tauri.annotation

@Target(AnnotationTarget.CLASS) annotation class InvokeArg
annotation class Command
annotation class PermissionCallback
annotation class Permission(val strings: Array<String> = [], val alias: String = "")
annotation class TauriPlugin(val permissions: Array<Permission> = [])
