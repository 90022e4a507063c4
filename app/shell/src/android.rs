//! What `Core.kt` calls: the two steps of background work. The only file that speaks to Java by hand.
//!
//! The key store asks the process for its Java context, which the window's library sets at its start, and which may be set
//! once only. So a round that comes before any window lends it for as long as the key is asked for, while `Core.kt` keeps the
//! window from starting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jni::JNIEnv;
use jni::objects::{JObject, JString};
use jni::sys::{JNI_FALSE, JNI_TRUE, jboolean, jint};

use crate::background::{self, Ready};
use crate::log;

/// As in `Core.kt`.
const QUIET: jint = 0;
const TELL: jint = 1;
const AGAIN: jint = 2;

static READY: Mutex<Option<Ready>> = Mutex::new(None);

/// Takes the tablet in `data` for a round; whether it could.
#[unsafe(no_mangle)]
extern "system" fn Java_tr_istanbul_mbs_Core_begin(
    mut env: JNIEnv<'_>,
    _core: JObject<'_>,
    context: JObject<'_>,
    data: JString<'_>,
    documents: JString<'_>,
) -> jboolean {
    let begun = catch_unwind(AssertUnwindSafe(|| {
        log::start();
        let data = path(&mut env, &data)?;
        let documents = path(&mut env, &documents);
        let ready = with_context(&env, &context, || background::begin(&data, documents.as_deref()))?;
        match ready {
            Ok(ready) => Some(ready),
            Err(trouble) => {
                tracing::warn!(trouble = trouble.name(), "no round in the background");
                None
            }
        }
    }));
    let ready = begun.unwrap_or_default();
    let can = ready.is_some();
    *READY.lock().unwrap_or_else(PoisonError::into_inner) = ready;
    if can { JNI_TRUE } else { JNI_FALSE }
}

/// The round itself: whether somebody is to be told, or it is to be tried again soon.
#[unsafe(no_mangle)]
extern "system" fn Java_tr_istanbul_mbs_Core_round(
    _env: JNIEnv<'_>,
    _core: JObject<'_>,
    metered: jboolean,
    looking: jboolean,
) -> jint {
    let ready = READY.lock().unwrap_or_else(PoisonError::into_inner).take();
    let round = || ready.map(|ready| ready.round(metered == JNI_TRUE, looking == JNI_TRUE));
    match catch_unwind(AssertUnwindSafe(round)) {
        Ok(Some(Ok(came))) if came.tell => TELL,
        Ok(Some(Ok(came))) if came.summary.cut => AGAIN,
        Ok(Some(Ok(_)) | None) => QUIET,
        Ok(Some(Err(trouble))) => {
            tracing::warn!(trouble = trouble.name(), "a round in the background failed");
            QUIET
        }
        Err(_) => {
            tracing::error!("a round in the background panicked");
            QUIET
        }
    }
}

/// A path that Java names; `None`: it names none.
fn path(env: &mut JNIEnv<'_>, text: &JString<'_>) -> Option<PathBuf> {
    if text.is_null() {
        return None;
    }
    let text: String = env.get_string(text).ok()?.into();
    Some(Path::new(&text).to_owned())
}

/// Does `work` where the process has a Java context: the window's, or this one for as long as it takes.
fn with_context<T>(env: &JNIEnv<'_>, context: &JObject<'_>, work: impl FnOnce() -> T) -> Option<T> {
    // There is no other way to ask whether it is set.
    if catch_unwind(ndk_context::android_context).is_ok() {
        return Some(work());
    }
    let vm = env.get_java_vm().ok()?;
    let context = env.new_global_ref(context).ok()?;
    // SAFETY: both live longer than they are lent, and `Core.kt` lets no window begin meanwhile.
    unsafe {
        ndk_context::initialize_android_context(vm.get_java_vm_pointer().cast(), context.as_obj().as_raw().cast())
    };
    let done = catch_unwind(AssertUnwindSafe(work));
    // SAFETY: set just above.
    unsafe { ndk_context::release_android_context() };
    done.ok()
}
