import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
import '$ui/look/tokens.css';
import '$ui/look/desk.css';
import '$ui/look/desk-parts.css';
import '$ui/look/desk-pages.css';
import '$ui/look/report.css';
import '$ui/look/map.css';
import { mount } from 'svelte';
import { chooseDesk } from '$ui/backend/desk-choose';
import Desk from '$ui/screens/desk/Desk.svelte';

const target = document.getElementById('app');
if (target) void chooseDesk().then((door) => mount(Desk, { target, props: { door } }));
