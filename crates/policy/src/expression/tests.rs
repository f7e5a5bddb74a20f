//! What expressions say and what they are refused for. What they do to people is in `tests/it/language.rs`.

use super::{Expression, Flaw, Purpose, Types};

fn types() -> Types {
    let types = [
        ("level", "integer"),
        ("score", "number"),
        ("title", "string"),
        ("active", "boolean"),
        ("sites", "array"),
        ("lastName", "string"),
    ];
    types.map(|(name, kind)| (name.to_owned(), [kind.to_owned()].into())).into()
}

/// `ok`, or each flaw with the part of the source that it is about.
fn checked(source: &str, purpose: Purpose) -> String {
    let told = |flaws: Vec<Flaw>| {
        let lines = flaws.iter().map(|flaw| {
            let fix = flaw.fix.as_ref().map(|fix| format!(" ({fix})")).unwrap_or_default();
            format!("{}: {}{fix}", &source[flaw.at.clone()], flaw.message)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    match Expression::compile(source) {
        Err(flaws) => told(flaws),
        Ok(expression) => match expression.check(purpose, &types()).flaws {
            flaws if flaws.is_empty() => "ok".into(),
            flaws => told(flaws),
        },
    }
}

#[test]
fn what_a_condition_may_say() {
    for source in [
        "user.profile.level > 3 && groups.exists(g, g.name.startsWith('FLR-'))",
        "has(user.profile.title) && user.profile.title.lowerAscii() in ['cto', 'ceo']",
        "user.profile.level * 2 + 1 >= size(groups)",
        "user.profile.sites.all(s, s.size() == 3) || !user.profile.active",
        "user.status == 'ACTIVE' ? user.profile.level > 1 : user.tenant != \"north\"",
        "double(user.profile.score) * 1.5 < 10.0",
        "groups.filter(g, g.id != '').size() > 2",
        "groups.map(g, g.name) == ['A']",
        "{'a': 1}[user.profile.title] == 1",
        "user.profile.unheardOf == 'x' && user.profile.unheardOf > 3",
        "int(user.profile.title.split('-')[0]) % 2 == 0",
    ] {
        assert_eq!(checked(source, Purpose::Condition), "ok", "{source}");
    }
}

#[test]
fn what_makes_no_sense_is_told_at_its_place() {
    for (source, says) in [
        (
            "level > 3",
            "level: there is no \"level\" (an attribute is called user.profile.level; texts stand in quotes)",
        ),
        ("usr.profile.level > 3", "usr: there is no \"usr\" (did you mean \"user\"?)"),
        ("user.level > 3", "level: user has no \"level\" (an attribute is called user.profile.level)"),
        (
            "user.profile > 3",
            ".: the profile is no value (name an attribute: user.profile.department, or user.status, user.tenant)",
        ),
        (
            "user.profile.title > 3",
            ">: > cannot be applied to a text and a whole number (int(…) makes a number of a text; dates are compared by before and after)",
        ),
        (
            "user.profile.level == 'high'",
            "==: a whole number is never a text (int(…), double(…) and string(…) turn one into another)",
        ),
        (
            "user.profile.level",
            "user.profile.level: a condition is true or false, and this gives a whole number (compare it: == \"…\", > 3, …)",
        ),
        (
            "user.profile.active && user.profile.level",
            ".: && needs true or false, and this is a whole number (compare it with something)",
        ),
        (
            "user.profile.score * 1.5 > 1.0",
            "*: * cannot be applied to a number and a number with a fraction (double(…) around the whole number)",
        ),
        ("groups.exists(g, g.nme == 'A')", "nme: a group has no \"nme\" (did you mean \"name\"?)"),
        (
            "groups.exists(g, groups.exists(h, h.name == g.name))",
            "(: a loop in a loop has no bound on its cost (no loop stands in another: ask one list at a time, or use a table)",
        ),
        (
            "groups.map(g, g.name).exists(n, n == 'A')",
            "(: a loop in a loop has no bound on its cost (no loop stands in another: ask one list at a time, or use a table)",
        ),
        (
            "user.profile.title.matches('a+')",
            "(: there is no function \"matches\" ({ attribute = \"…\", matches = \"CC?-4*\" } compares with a pattern)",
        ),
        (
            "user.profile.title.startWith('a')",
            "(: there is no function \"startWith\" (did you mean \"startsWith\"?)",
        ),
        (
            "user.profile.title.replace('a', 'b') == ''",
            "(: there is no function \"replace\" (the functions are listed with the format)",
        ),
        (
            "timestamp(user.profile.title) > now()",
            "(: there is no function \"timestamp\" (before, after and within compare days, and know when the answer changes)\n(: there is no function \"now\" (before, after and within compare days, and know when the answer changes)",
        ),
        (
            "user.profile.title.split(user.profile.lastName)[0] == 'a'",
            "(: split needs a fixed text in quotes (write .split(\",\"))",
        ),
        ("user.profile.level > ", ": this is no expression: mismatched input 'end'"),
        ("user.profile.title == 'é", ": this is no expression: token recognition error at: ''é'"),
        (
            "b'a' == b'b'",
            "b'a': bytes have no use here (write a text, without b)\nb'b': bytes have no use here (write a text, without b)",
        ),
        ("google.protobuf.Any{} == 1", ": nothing is made of type google.protobuf.Any"),
    ] {
        let found = checked(source, Purpose::Condition);
        assert!(
            found.contains(says) && (found.starts_with(says) || says.starts_with(':')),
            "{source}\n  found {found}\n  not   {says}"
        );
    }
    assert_eq!(
        checked("user.profile.sites", Purpose::Value),
        "user.profile.sites: no field can hold a list (take one value of it, or write .join(\", \"))"
    );
    assert_eq!(checked("user.profile.sites.join(', ')", Purpose::Value), "ok");
}

#[test]
fn what_is_too_large_is_not_even_parsed() {
    let told = |source: &str| Expression::compile(source).unwrap_err()[0].message.clone();
    assert_eq!(
        told(&format!("'{}' == ''", "x".repeat(2_000))),
        "an expression of 2008 characters is longer than 2000"
    );
    assert_eq!(told(&"1 + ".repeat(120)), "120 operators and brackets are more than 100");
    assert_eq!(told(&format!("{}1", "-".repeat(1_500))), "1500 operators and brackets are more than 100");
    assert_eq!(
        told(&format!("{}1{}", "(".repeat(900), ")".repeat(900))),
        "900 operators and brackets are more than 100"
    );
    assert_eq!(told(&format!("a{}", ".b".repeat(500))), "500 dots, commas and \"in\" are more than 200");
    assert_eq!(told(&["a"; 300].join(" in ")), "299 dots, commas and \"in\" are more than 200");
    // No quote hides an operator.
    assert_eq!(
        told(&format!(r"r'\' {} '", "+ 1 ".repeat(200))),
        "200 operators and brackets are more than 100"
    );
    assert_eq!(told(" \n "), "an expression that says nothing");
}

/// As deep as the bounds allow, in a build that is not optimised too: whatever becomes of them, the process goes on.
#[test]
fn the_deepest_expressions_end_nothing() {
    for source in [
        format!("{}1{}", "(".repeat(100), ")".repeat(100)),
        format!("{}1{}", "[".repeat(47), "]".repeat(47)),
        ["1"; 100].join("+"),
        ["true"; 51].join("&&"),
        format!("{}true", "!".repeat(100)),
        format!("{}2 == 2", "true?1:".repeat(45)),
        format!("{}'a'{}", "string(".repeat(46), ")".repeat(46)),
        format!("user{}", ".a".repeat(200)),
        format!("groups.all(g, {}g.name == 'a'{})", "(".repeat(40), ")".repeat(40)),
        ["1"; 201].join(" in "),
    ] {
        let Ok(expression) = Expression::compile(&source) else { continue };
        let _ = expression.check(Purpose::Condition, &types());
        let mut context = cel::Context::with_env(std::sync::Arc::clone(&super::ENVIRONMENT));
        context.add_variable_from_value("groups", cel::Value::from(Vec::<cel::Value>::new()));
        let _ =
            super::with_stack(|| cel::Value::resolve(&expression.tree, &context).is_ok()).expect("it ends");
    }
}

#[test]
fn what_is_evaluated_in_place_needs_little_stack() {
    // The deepest of each form that is: they must do with a sixteenth of what a thread usually has.
    for source in [
        ["1"; super::NESTS_IN_PLACE].join("+"),
        format!("{}1{}", "[".repeat(super::NESTS_IN_PLACE - 1), "]".repeat(super::NESTS_IN_PLACE - 1)),
        format!("{}1{}", "-(".repeat(super::NESTS_IN_PLACE - 1), ")".repeat(super::NESTS_IN_PLACE - 1)),
    ] {
        let expression = Expression::compile(&source).expect(&source);
        assert_eq!(expression.nests, super::NESTS_IN_PLACE, "{source}");
        let thread = std::thread::Builder::new().stack_size(128 << 10);
        let answered = std::thread::scope(|scope| {
            let context = cel::Context::with_env(std::sync::Arc::clone(&super::ENVIRONMENT));
            let tree = &expression.tree;
            thread.spawn_scoped(scope, move || cel::Value::resolve(tree, &context).is_ok()).unwrap().join()
        });
        assert!(answered.expect("no overrun"), "{source}");
    }
}
