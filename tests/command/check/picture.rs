//! The picture of the documentation, made of a real run: docs/pictures/check.svg.

use serde_json::json;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use super::tables::Checked;
use crate::program::finished;
use crate::support::{repository, Engine};

/// The embedded engine's address in the picture.
const ENDPOINT: &str = "http://127.0.0.1:8000";

#[test]
fn the_picture_of_the_documentation_is_what_is_shown() {
    let checked = Checked::on(Engine::fake(&["--create-table", "launchdarkly"]), "launchdarkly");
    let flag = |key: &str, item: &str| {
        let attributes = json!({"version": {"N": "7"}, "item": {"S": item}});
        checked.put("production:features", key, &attributes);
    };
    flag(
        "new-checkout",
        r#"{"key":"new-checkout","version":7,"prerequisites":[{"key":"payments"}]}"#,
    );
    flag("search", r#"{"key":"search","version":7}"#);
    checked.put_item("staging:features", "search", &json!({"key": "search", "version": 9}));
    checked.put("staging:$inited", "staging:$inited", &json!({}));
    let action = "BatchWriteItem";
    let refusal =
        format!("User: arn:aws:iam::000000000000:user/deploy is not authorized to perform: dynamodb:{action}");
    checked.engine.script(json!([{
        "match": {"operation": action},
        "action": {"error": {"code": "AccessDeniedException", "message": refusal}},
    }]));
    let mut command = checked
        .program
        .bare(&["check", "--table", "launchdarkly", "--prefix", "production"]);
    command
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local-secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", &checked.engine.endpoint)
        .env("CLICOLOR_FORCE", "1");
    let shown = finished(&mut command)
        .expect(1)
        .replace(&checked.engine.endpoint, ENDPOINT);
    let prompt = "$ ld-dynamo-store check --table launchdarkly --prefix production\n";
    let picture = Data::read_from(&repository().join("docs/pictures/check.svg"), Some(DataFormat::TermSvg));
    Assert::new()
        .action_env("SNAPSHOTS")
        .eq(format!("{prompt}{shown}"), picture.raw());
}
