/// <reference types="svelte" />
/// <reference types="vite/client" />

/** True only in the build for pictures and screen tests, which alone contains the fake back ends. */
declare const __SHOTS__: boolean;
