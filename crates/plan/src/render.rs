//! Plans as people read them: like a diff, with the reason behind each line.

use std::fmt::Write as _;

use lanyard_model::{
    desired::Because,
    plan::{Gate, Plan, Summary},
};

/// One plan as text: a heading, a line per difference, gates, to-dos and notes. Quiet plans render to nothing.
pub fn render_plan(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.is_quiet() && plan.todos.is_empty() && plan.notes.is_empty() && plan.notices.is_empty() {
        return text;
    }
    let account = plan.account.as_ref().map_or_else(|| format!("{} (new)", plan.site), ToString::to_string);
    let _ = writeln!(text, "{}  {}  ->  {account}", plan.person, plan.identity);
    for step in &plan.steps {
        for difference in &step.differences {
            let symbol = if step.gate == Gate::Open { difference.effect.symbol() } else { '=' };
            let change = match (&difference.from, &difference.to) {
                (Some(from), Some(to)) => format!("{from} -> {to}"),
                (None, Some(to)) => to.clone(),
                (Some(from), None) => from.clone(),
                (None, None) => String::new(),
            };
            let _ = writeln!(text, "  {symbol} {}: {change}", difference.what);
            if let Some(because) = telling(&difference.because) {
                let _ = writeln!(text, "      because {}", render_because(because));
            }
        }
        match &step.gate {
            Gate::Open => {}
            Gate::Held { until, why } => {
                let _ = writeln!(text, "      held until {}: {why}", until.strftime("%Y-%m-%d %H:%M:%S UTC"));
            }
            Gate::Waiting { clearance, why, .. } => {
                let _ = writeln!(text, "      waits: {why} ({clearance})");
            }
            Gate::Blocked { why, .. } => {
                let _ = writeln!(text, "      blocked: {why}");
            }
        }
    }
    for notice in &plan.notices {
        let _ = writeln!(text, "  ! tell {}: {}", notice.to.join(", "), notice.subject);
    }
    for todo in &plan.todos {
        let _ = writeln!(text, "  * to do by hand: {}", todo.what);
        let _ = writeln!(text, "      {}", todo.how);
    }
    for note in &plan.notes {
        let _ = writeln!(text, "  . {note}");
    }
    text
}

/// The reason that says most: what ended or paused somebody's standing, else the first.
fn telling(because: &[Because]) -> Option<&Because> {
    because.iter().find(|because| because.rule.starts_with("lifecycle")).or_else(|| because.first())
}

/// `new-user, places row 7: department is "Facilities"`.
pub fn render_because(because: &Because) -> String {
    match &because.row {
        Some((table, row)) => format!("{}, {table} row {row}: {}", because.rule, because.text),
        None => format!("{}: {}", because.rule, because.text),
    }
}

/// All plans of a run, with the summary last.
pub fn render_plans<'a>(plans: impl IntoIterator<Item = &'a Plan>, unchanged: usize) -> String {
    let mut text = String::new();
    let mut summary = Summary::default();
    let mut people = 0;
    for plan in plans {
        summary += plan.summary();
        people += usize::from(!plan.is_quiet());
        let block = render_plan(plan);
        if !block.is_empty() {
            text.push_str(&block);
            text.push('\n');
        }
    }
    let _ = writeln!(text, "{summary}   ({people} people, {unchanged} unchanged)");
    text
}
