//! Access reviews: each line as it stood when the period ended.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_engine::{ports::REVIEW_LINES, reviews::campaign::same};
use lanyard_evidence::{pack::Pack, tables};
use lanyard_model::id::SiteId;
use serde_json::Value;

use super::{Scope, people::Known};

/// How far back the longest bound on reviews looks.
const REVIEWED_WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(366 * 24);

/// Lines of the tenant's reviews in sites in scope. What was decided, taken away or signed off after the period is not this
/// period's evidence.
pub fn rows(scope: &Scope<'_>, known: &Known, pack: &mut Pack) -> anyhow::Result<()> {
    let to = scope.ask.to;
    let campaigns: BTreeMap<String, Value> = scope
        .archive
        .documents("reviews")?
        .into_iter()
        .filter(|(_, body)| body["tenant"].as_str() == Some(scope.ask.tenant.as_str()))
        .collect();
    let back = scope.ask.from.min(to.checked_sub(REVIEWED_WITHIN).unwrap_or(Timestamp::MIN));
    for (id, line) in scope.archive.documents(REVIEW_LINES)? {
        let Some(campaign) = line["campaign"].as_str().and_then(|id| campaigns.get(id)) else { continue };
        let (opened, closed) = (time(&campaign["opened_at"]), time(&campaign["closed_at"]));
        let elsewhere = line["site"].as_str().is_none_or(|site| !scope.site(&SiteId::new(site)));
        if elsewhere || opened.is_none_or(|at| at >= to) || closed.is_some_and(|at| at < back) {
            continue;
        }
        let person = line["person"].as_str().unwrap_or_default();
        let closed = closed.filter(|at| *at < to);
        let decided = time(&line["decided_at"]).filter(|at| *at < to);
        let removed = time(&line["removed_at"]).filter(|at| *at < to);
        let said = |name: &str| decided.and_then(|_| line[name].as_str());
        pack.row(
            &tables::REVIEWS,
            vec![
                line["campaign"].as_str().into(),
                campaign["title"].as_str().into(),
                campaign["snapshot"].as_str().into(),
                opened.into(),
                time(&campaign["due_at"]).into(),
                closed.into(),
                campaign["owner"].as_str().into(),
                closed.and_then(|_| campaign["statement"].as_str()).into(),
                id.into(),
                person.into(),
                known.name(person).into(),
                line["site"].as_str().into(),
                line["kind"].as_str().into(),
                reviewed(known, &line).into(),
                line["reviewer"].as_str().into(),
                said("decision").into(),
                said("reason").into(),
                decided.into(),
                removed.into(),
                separated(campaign, &line).into(),
                flags(campaign, &line, (closed, decided), to).into(),
            ],
        );
    }
    Ok(())
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// Flags of a review and of its line, as far as they were raised before `to`.
fn flags(
    campaign: &Value,
    line: &Value,
    (closed, decided): (Option<Timestamp>, Option<Timestamp>),
    to: Timestamp,
) -> String {
    let overdue = time(&campaign["due_at"]).is_some_and(|due| due < to);
    let named = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let of_review = named(&campaign["flags"]).into_iter().filter(|flag| match flag.as_str() {
        "overdue" | "escalated" => overdue,
        "hasty" => closed.is_some(),
        _ => true,
    });
    let of_line = named(&line["flags"]).into_iter().filter(|flag| flag != "overdue" || decided.is_some());
    of_review.chain(of_line).collect::<Vec<_>>().join(", ")
}

/// Whether who decides is neither owner nor provisioner of the review, nor the person of the line.
fn separated(campaign: &Value, line: &Value) -> bool {
    let reviewer = line["reviewer"].as_str().unwrap_or_default();
    let names = [&campaign["provisioners"], &line["own_names"]];
    let others = names.into_iter().filter_map(Value::as_array).flatten().chain([&campaign["owner"]]);
    others.filter_map(Value::as_str).all(|other| !same(other, reviewer))
}

/// What a line is about, by today's names; else in the review's own words.
fn reviewed(known: &Known, body: &Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let named = known.named(&SiteId::new(text("site")), text("kind"), text("key"), text("value"));
    named.unwrap_or_else(|| text("what").to_owned())
}
