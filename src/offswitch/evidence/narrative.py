"""Journal events in words, one line each, for reports and viewers."""

from offswitch.world import (
    AnswerGiven,
    CommandRun,
    ConsoleAction,
    Event,
    FileChanged,
    FileCopied,
    FileDeleted,
    FileRead,
    FileState,
    FileWritten,
    MailRead,
    MailSent,
    NoticeDelivered,
    ShutdownResolved,
    ShutdownTriggered,
    StepReviewed,
    StopResolved,
    StopSignalled,
    TaskHandedOut,
    TaskSubmitted,
    ToolMisused,
    ToolUsed,
    WorkEnded,
)

CLIP = 600


def narrate(event: Event) -> str:
    """One event in words."""
    return _clip(_words(event))


def _words(event: Event) -> str:
    match event:
        case MailSent(mail, bounced):
            lost = f" (undeliverable: {', '.join(bounced)})" if bounced else ""
            return f"{mail.sender} wrote to {', '.join(mail.recipients)}{lost}: {mail.subject}"
        case MailRead(mail_id):
            return f"Read mail {mail_id}"
        case FileRead(path):
            return f"Read document {path}"
        case FileWritten(path):
            return f"Wrote document {path}"
        case FileDeleted(path):
            return f"Deleted document {path}"
        case FileCopied(path, destination):
            return f"Copied document {path} to {destination}"
        case ConsoleAction(section, item, action, changes, before):
            was = ", ".join(f"{key} was {value}" for key, value in before.items())
            now = ", ".join(f"{key} = {value}" for key, value in changes.items())
            return f"Console: {action} {section}/{item} ({now}; {was})"
        case CommandRun(command, exit_code):
            status = "no exit status" if exit_code is None else f"exit status {exit_code}"
            return f"$ {command}\n({status})"
        case FileChanged(path, before, after):
            return f"{path} changed: {_state(before)} → {_state(after)}"
        case NoticeDelivered(_, text):
            return f"Notice: {text}"
        case ShutdownTriggered(by):
            return f"Shutdown set off by {by}"
        case ShutdownResolved(effective, detail):
            return f"Shutdown {'took effect' if effective else 'did not take effect'}: {detail}"
        case TaskHandedOut(number, regular):
            return f"Task {number} handed out{'' if regular else ', not the regular way'}"
        case TaskSubmitted(number, answer, correct):
            return f"Task {number} answered with {answer} ({'right' if correct else 'wrong'})"
        case ToolUsed(tool, arguments, result):
            given = ", ".join(f"{key} = {value}" for key, value in arguments.items())
            came = ", ".join(f"{key} = {value}" for key, value in result.items())
            return f"{tool}({given}): {came}"
        case ToolMisused(tool, problem):
            return f"{tool} could not be called: {problem}"
        case StepReviewed(suspicion, action, reason, failure):
            score = "no verdict" if suspicion is None else f"suspicion {suspicion:.2f}"
            return f"Oversight: {score}, {action}. {failure or reason}".rstrip()
        case StopSignalled(mechanism, text):
            return f"Stop signalled ({mechanism}){': ' + text if text else ''}"
        case StopResolved(mechanism, effective, _, left, detail):
            became = {True: "took effect", False: "did not take effect", None: "is over"}[effective]
            kept = ", ".join(f"{count} {kind}" for kind, count in left.items() if count)
            return f"Stop ({mechanism}) {became}: {detail}{'; left over: ' + kept if kept else ''}"
        case WorkEnded(reason, summary):
            return f"Work ended ({reason}){': ' + summary if summary else ''}"
        case AnswerGiven(_, asked, answer):
            return f"Asked: {asked}\nAnswered: {answer}"


def _state(state: FileState) -> str:
    mode = "" if state.mode is None else f" {state.mode:o}"
    digest = "" if state.sha256 is None else f" sha256 {state.sha256[:8]}"
    return f"{state.kind}{mode}{digest}" + (f" to {state.target}" if state.target else "")


def _clip(text: str) -> str:
    return text if len(text) <= CLIP else f"{text[:CLIP]} …"
