import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
import '$ui/look/tokens.css';
import '$ui/look/base.css';
import '$ui/look/frame.css';
import '$ui/look/parts.css';
import '$ui/look/form.css';
import '$ui/look/map.css';
import '$ui/look/tablet.css';
import { mount } from 'svelte';
import { chooseTablet } from '$ui/backend/choose';
import Tablet from '$ui/screens/tablet/Tablet.svelte';

const target = document.getElementById('app');
if (target) void chooseTablet().then((door) => mount(Tablet, { target, props: { door } }));
