//! What is marked is hidden before it leaves.

use crate::support::{Key, Request, World};

#[tokio::test]
async fn marked_fields_leave_masked_and_the_signature_is_over_that() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let request = phone.sign(
        &world,
        Key::Session,
        Request::new("GET", "/accounts/a-1", "A1"),
    );
    let response = world.wire().await.send(&request).await;
    response.assert_status(200);
    assert_eq!(
        response.text(),
        r#"{"account":"a-1","holder":"欧**明","card":"***************0128"}"#
    );
    phone
        .verify(&world, Key::Session, &request, &response)
        .unwrap();
}
