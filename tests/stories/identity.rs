//! Signing in at the desk by the municipality's own identity provider: its real pages, in a real browser, where cookies go the
//! way browsers send them.

use mbs_engines::provider::{CLIENT, Provider, SECRET};
use mbs_tests::server::{PASSWORD, User};
use mbs_tests::world::World;

use crate::desk_browser::in_browser;

#[test]
fn people_sign_in_by_the_pages_of_an_identity_provider_and_by_password_while_it_is_away() {
    let mut world = World::begin();
    let server = &mut world.server;
    server.add_user(User { login: "on-inceleme", name: "Ön inceleme", role: "triage", unit: "", password: PASSWORD });
    drop(server.run(&["user", "external", "--login", "on-inceleme", "--name", "ayse@belediye.example"]));
    // The provider sends people back to an address it was told before.
    let (at, url) = (server.addr().to_string(), server.url());
    let provider = Provider::start(&format!("{url}/desk/api/oidc"));
    server.stop();
    let options = ["--url", &url, "--oidc-issuer", provider.issuer(), "--oidc-client", CLIENT, "--oidc-secret", SECRET];
    server.listen_with(&at, &options).unwrap();

    let _ = in_browser("identity.mjs", &[&url, "there", "ayse", "on-inceleme", PASSWORD]);
    assert_eq!(server.number("select count(*) from staff where identity <> ''"), 1, "bound to the one who came");
    drop(provider);
    let _ = in_browser("identity.mjs", &[&url, "away", "ayse", "on-inceleme", PASSWORD]);
    assert!(!server.log().contains("ayse"), "no names in the log");
}
