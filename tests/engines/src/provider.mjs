// An OpenID provider for tests: `oidc-provider`, which is certified, with its own development pages, on this machine. It
// writes its address as its first line and ends with whoever holds its standard input.
//   node provider.mjs BACK_ADDRESS
// POST /trouble with JSON makes it another than it should be:
//   people: { login: { email, verified } }   what it knows of somebody
//   claims: { … }   what its next identity tokens say instead
//   sign: 'foreign' | 'secret' | 'none' | 'rotated'   how they are signed instead; 'rotated' also changes its published keys
//   silent: '/path'   what it does not answer
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const need = createRequire(new URL('../../../ui/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(need.resolve(name)));
const { default: Provider } = await load('oidc-provider');
const { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, decodeJwt } = await load('jose');

const CLIENT = 'mbs';
const SECRET = 'only-for-tests-only-for-tests-only';
/** A key that signs, and how it is published. */
async function key(kid) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const about = { kid, alg: 'RS256', use: 'sig' };
  return { private: { ...(await exportJWK(privateKey)), ...about }, public: { ...(await exportJWK(publicKey)), ...about } };
}
const keys = { own: await key('own'), foreign: await key('own'), rotated: await key('rotated') };

/** What is wrong with it. */
let trouble = {};

async function forged(token) {
  const claims = { ...decodeJwt(token), ...trouble.claims };
  if (trouble.sign === 'none') return new UnsecuredJWT(claims).encode();
  if (trouble.sign === 'secret') return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET));
  const with_ = keys[trouble.sign ?? 'own'].private;
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: with_.kid }).sign(with_);
}

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [process.argv[2]] }],
  jwks: { keys: [keys.own.private] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  pkce: { required: () => true },
  cookies: { keys: ['only-for-tests'] },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  findAccount: (_, sub) => {
    const { email = `${sub}@belediye.example`, verified = true } = trouble.people?.[sub] ?? {};
    return { accountId: sub, claims: () => ({ sub, email, email_verified: verified, preferred_username: sub }) };
  },
});
provider.use(async (ctx, next) => {
  if (ctx.path === trouble.silent) await new Promise(() => {});
  if (ctx.path === '/trouble') {
    const parts = [];
    for await (const part of ctx.req) parts.push(part);
    trouble = JSON.parse(Buffer.concat(parts).toString());
    ctx.body = 'so be it';
    return;
  }
  await next();
  if (ctx.path === '/jwks' && trouble.sign === 'rotated') ctx.body = { keys: [keys.rotated.public] };
  if (ctx.path === '/token' && ctx.body?.id_token && (trouble.claims || trouble.sign)) ctx.body = { ...ctx.body, id_token: await forged(ctx.body.id_token) };
});
server.on('request', provider.callback());
process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);
