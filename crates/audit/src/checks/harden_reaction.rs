//! Whether anything happens when root, a debugger, an emulator or a hook is found.
//!
//! Clauses: JR-6.1.9.2.a, CJ-4.2.3.c, AP-3.1.1.

use std::collections::{HashSet, VecDeque};

use crate::ask::environment::{self, Threat};
use crate::ask::own::{Own, is_library};
use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::{Call, Code, Method};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-reaction",
    title: words("Reaction to a hostile environment", "对不可信环境的响应"),
    purpose: words(
        "A detection that nothing follows from protects nobody.",
        "检测之后没有动作，等于没有保护。",
    ),
    procedure: words(
        "From each method that looks for root, emulators, debuggers or hooks, go to its callers \
         and from there along calls, listeners and tasks to dialogs and to what ends the app.",
        "从每个检测 root、模拟器、调试器或 hook 的方法出发，经调用者沿调用、监听器与任务追踪到对话框与退出动作。",
    ),
    criterion: words(
        "Every detection of the app's own leads to a warning or an end.",
        "应用自身的每项检测都会引出警告或退出。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0051", "MASWE-0053", "MASWE-0064", "MASWE-0065"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let threats = [
            Threat::Root,
            Threat::Emulator,
            Threat::Debugger,
            Threat::Hook,
        ];
        let detections = threats
            .iter()
            .flat_map(|threat| environment::in_code(&facts.code, *threat));
        let detections: Vec<_> = detections
            .filter(|found| own.may_have_written(&found.site.class))
            .collect();
        if detections.is_empty() {
            return Outcome::NotApplicable(words(
                "the app's own Android code looks for nothing",
                "应用自身的 Android 代码没有环境检测",
            ));
        }
        let mut findings = Findings::new();
        for found in detections {
            let users = users(&facts.code, found.method);
            let mut reacts = false;
            for user in &users {
                let reactions = reactions(&facts.code, *user);
                if reactions.is_empty() {
                    continue;
                }
                reacts = true;
                let what = words("acts on the detection", "对检测结果作出响应");
                findings.right.push(Evidence::at(what, &user.site(0)));
                let evidence = |(what, call): &(Words, Call<'_>)| Evidence::at(*what, &call.site());
                findings.right.extend(reactions.iter().map(evidence));
            }
            if !reacts {
                let what = words("nothing follows from the detection", "检测之后没有动作");
                let last = users.last().unwrap_or(&found.method);
                let mark = found.mark.clone();
                findings
                    .wrong
                    .push(Evidence::at(what, &last.site(0)).string(mark));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&checking("")),
        evidence: &[
            "nothing follows from the detection: /system/xbin/su at com.bank.Main.start()V @0x0000",
        ],
        good: || {
            Sample::code(&checking(
                "const/4 v0, 0\ninvoke-static {v0}, Ljava/lang/System;->exit(I)V\n",
            ))
        },
        broken: || Sample::code(&checking("")).damaged("classes.dex"),
    },
};

/// Who uses the result of a detection: the callers, and theirs where they only pass it on. What a
/// task finds in the background, its other methods use. Last comes whoever is farthest from the
/// detection.
fn users<'a>(code: &Code, method: Method<'a>) -> Vec<Method<'a>> {
    let mut users = vec![method];
    let mut at = method;
    for _ in 0..3 {
        let callers: Vec<_> = at.callers().map(|call| call.method()).collect();
        if callers.is_empty() {
            if code.is_a(&at.class().name(), "android.os.AsyncTask") {
                let others = at.class().methods().filter(|other| !users.contains(other));
                let others: Vec<_> = others.collect();
                users.splice(0..0, others);
            }
            break;
        }
        let fresh: Vec<_> = callers
            .into_iter()
            .filter(|caller| !users.contains(caller))
            .collect();
        let Some(next) = fresh.last().copied() else {
            break;
        };
        users.extend(fresh);
        // One level is enough where the caller decides; a forwarder has no branches.
        if next.branches() {
            break;
        }
        at = next;
    }
    users
}

/// Calls, listeners and tasks looked at from one method.
const METHODS_MAX: usize = 64;
/// Steps from one method.
const DEPTH_MAX: usize = 4;

/// What a method leads to: dialogs and ends of the app.
fn reactions<'a>(code: &'a Code, from: Method<'a>) -> Vec<(Words, Call<'a>)> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([from]);
    let mut next = VecDeque::from([(from, 0)]);
    while let Some((method, depth)) = next.pop_front() {
        for call in method.calls() {
            if let Some(what) = reaction(code, &call) {
                found.push((what, call));
            }
            if depth >= DEPTH_MAX {
                continue;
            }
            let Some(target) = call.target().definition() else {
                continue;
            };
            // Whoever makes a listener or task lets it run.
            let made = target.name() == "<init>" && target.class() != from.class();
            let targets: Vec<_> = match made {
                true => target.class().methods().collect(),
                false => vec![target],
            };
            for target in targets {
                let near = is_library(&target.class().name());
                if !near && seen.len() < METHODS_MAX && seen.insert(target) {
                    next.push_back((target, depth + 1));
                }
            }
        }
    }
    found
}

fn reaction(code: &Code, call: &Call<'_>) -> Option<Words> {
    let target = call.target();
    let class = target.class_name();
    match (class.as_ref(), target.name().as_ref()) {
        ("java.lang.System" | "java.lang.Runtime", "exit" | "halt")
        | ("android.os.Process", "killProcess") => Some(words("ends the app", "退出应用")),
        (_, "finish" | "finishAffinity" | "finishAndRemoveTask")
            if code.is_a(&class, "android.app.Activity") =>
        {
            Some(words("closes the page", "关闭页面"))
        }
        (_, "show") if class.ends_with("Dialog") || class.ends_with("Dialog$Builder") => {
            Some(words("shows a dialog", "弹出对话框"))
        }
        (_, "setCancelable") if class.contains("Dialog") && call.ints(0) == [0] => {
            Some(words("shows a dialog that stays", "弹出不可取消的对话框"))
        }
        _ => None,
    }
}

#[cfg(test)]
fn checking(reaction: &str) -> String {
    format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static rooted()Z\n.registers 3\n\
         new-instance v0, Ljava/io/File;\nconst-string v1, \"/system/xbin/su\"\n\
         invoke-direct {{v0, v1}}, Ljava/io/File;-><init>(Ljava/lang/String;)V\n\
         invoke-virtual {{v0}}, Ljava/io/File;->exists()Z\nmove-result v0\nreturn v0\n.end method\n\
         .method public static start()V\n.registers 2\n\
         invoke-static {{}}, Lcom/bank/Main;->rooted()Z\nmove-result v0\nif-eqz v0, :end\n\
         {reaction}:end\nreturn-void\n.end method\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    /// A task that waits for a debugger in the background, and a page that could be closed.
    fn task(after: &str) -> String {
        format!(
            ".class public Lcom/bank/Wait;\n.super Landroid/os/AsyncTask;\n\
             .method public doInBackground([Ljava/lang/Object;)Ljava/lang/Object;\n.registers 4\n\
             invoke-static {{}}, Landroid/os/Debug;->isDebuggerConnected()Z\n\
             const/4 v0, 0\nreturn-object v0\n.end method\n\
             .method public onPostExecute(Ljava/lang/Object;)V\n.registers 4\n{after}\
             return-void\n.end method\n"
        )
    }

    #[test]
    fn what_a_task_finds_its_other_methods_use() {
        let exit = "const/4 v0, 0\ninvoke-static {v0}, Ljava/lang/System;->exit(I)V\n";
        assert_eq!(
            Sample::code(&task(exit)).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        assert_eq!(
            Sample::code(&task("")).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn a_page_that_closes_for_other_reasons_is_no_reaction() {
        let page = format!(
            "{}.class public Lcom/bank/Page;\n.super Landroid/app/Activity;\n\
             .method public leave()V\n.registers 2\n\
             invoke-virtual {{p0}}, Lcom/bank/Page;->finish()V\nreturn-void\n.end method\n\
             .method public onCreate(Landroid/os/Bundle;)V\n.registers 3\n\
             invoke-static {{}}, Lcom/bank/Main;->start()V\nreturn-void\n.end method\n",
            checking("")
        );
        assert_eq!(Sample::code(&page).judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
