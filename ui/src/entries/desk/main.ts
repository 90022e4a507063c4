import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/wght.css';
import '$ui/look/tokens.css';
import { mount } from 'svelte';
import Desk from '$ui/screens/desk/Desk.svelte';

const target = document.getElementById('app');
if (target) mount(Desk, { target });
