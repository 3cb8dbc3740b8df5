# The operators' pages in English. Keys are in the order of the pages.
# $n is a number as it is shown, $count the same for choosing a form.

product = Hefu 合符
console = Console
skip = Skip to the content
nav = Sections
nav-overview = Overview
nav-coverage = Coverage
nav-events = Events
nav-latency = Latency
nav-devices = Devices
language = Language
logout = Log out
stale = The console does not answer: what you see is no longer renewed. Reload the page when it is back.
footer-times = Times are in { $value }
footer-drawn = drawn { $value }
any = Any
filter = Filter
filter-clear = Clear
pages = Pages
pages-first = First page
pages-next = Next page
crumbs = You are in
list-comma = { ", " }
ago-now = just now
ago-seconds = { $n } seconds ago
ago-minutes = { $n } minutes ago
ago-hours = { $n } hours ago
ago-days = { $n } days ago

# Login

login-title = Log in
login-lead = For operators of this deployment.
login-password = Password
login-button = Log in
login-wrong = That is not the password.
login-later = Too many failed logins. Wait a minute and try again.

# Errors

error-title = That did not work
error-home = To the overview
error-other = The request was refused.
error-400 = The address or the form says something that this console does not understand.
error-403 = The form did not come from a page of this console, or the page was too old. Go back, reload it and try again.
error-404 = There is nothing at this address.
error-405 = This address cannot be used that way.
error-413 = The form is too long.
error-414 = The address is too long.
error-421 = This console does not answer under the name you used. It answers under those listed as its origins in the configuration.
error-503 = The store does not answer. The reason is in the log.

# Overview

overview-title = Overview
overview-coverage = All clauses
overview-recent = Latest decisions
overview-events = All events
overview-latency = Latency, last hour
overview-latency-all = Spread and spans
overview-share = Share within the limit
overview-devices = { $count ->
    [one] { $n } device
   *[other] { $n } devices
}
overview-devices-more = The first { $n } devices
overview-devices-bar = Devices by status
overview-devices-all = All devices
overview-ends-soon = { $count ->
    [one] { $n } active device has a certificate that ends within 14 days
   *[other] { $n } active devices have certificates that end within 14 days
}
health-well = Every decision is recorded
health-ill = Decisions may be missing
health-store = The store answers
health-no-store = The store does not answer
health-recorded = { $n } recorded since the start
health-not-recording = Recording fails: the gateway refuses every request
health-unrecorded = { $n } could not be recorded; those requests were refused
health-failed-imports = { $count ->
    [one] { $n } attempt to bring the spool into the store failed
   *[other] { $n } attempts in a row to bring the spool into the store failed
}

# Coverage

coverage-title = Coverage of the clauses
coverage-lead = Every clause of four documents, what in the product serves it, and when it was last seen at work.
coverage-all = { $n } clauses
coverage-bar = { $n } clauses by state
coverage-by-document = By document
coverage-by-home = By home
coverage-shares = Shares
coverage-total = Total
coverage-clauses = Clauses
coverage-filter = Filter the clauses
coverage-text = Id, words, file or reason
coverage-all-shown = All { $n } clauses
coverage-found = { $count ->
    [one] { $n } clause found
   *[other] { $n } clauses found
}
coverage-none = No clause fits this filter.
document = Document
home = Home
state-enforced = Enforced
state-checked = Checked
state-attested = Attested
state-excepted = Excepted
state-partly-planned = Partly planned
state-planned = Planned
about-state-enforced = Code enforces it while the product runs.
about-state-checked = A check judges builds by it.
about-state-attested = People have to attest it, with evidence that expires. It is never counted as passed.
about-state-excepted = Something is missing, with a written reason to stay without.
about-state-partly-planned = A part is built, a part is not.
about-state-planned = Nothing is built for it yet.

# A clause

clause = Clause
clause-requirement = Requirement
clause-state = State
clause-served-by = Served by
clause-last-seen = Last seen
clause-neighbours = Neighbouring clauses
clause-wording = Wording
clause-own-words = in our own words; the published text is the authority
clause-how = Has to be
clause-planned = Not built yet
clause-evidence = Seen at work
clause-evidence-about = Requests that a guard serving this clause let pass or turned away. They show that the guard works; they lift no state.
clause-events = Latest events
clause-no-events = No event names this clause yet.
how-E = enforced while running
how-C = checked on the build
how-A = attested by people
missing-code = Missing code
missing-probe = Missing probe
missing-check = Missing check
served-code = Code that enforces it
served-probes = Probes that attack it
served-checks = Checks that judge builds
files-code = { $count ->
    [one] { $n } file
   *[other] { $n } files
}
files-probes = { $count ->
    [one] { $n } probe
   *[other] { $n } probes
}
files-checks = { $count ->
    [one] { $n } check
   *[other] { $n } checks
}
seen-allowed = { $n } passed
seen-refused = { $n } refused
seen-let-pass = Let pass
seen-turned-away = Turned away

# Events

events-title = Events
events-lead = What the gateway decided, newest first. The reason is for you alone: the client is told a public code.
events-caption = Decisions of the gateway
events-filter = Filter the events
events-live = Live
events-paused = Paused
events-past = Older events
events-pause = Pause
events-resume = Resume
events-newest = To the newest
events-older = Older
events-none = No events.
events-all = All events
events-refused = Refused only
events-mistyped = A request id looks like 0199c2b4-5a00-7000-8000-0123456789ab.
event-title = Request
event-number = Event { $n }
event-seq = Number
event-at = Time
event-outcome = Outcome
event-guard = Guard
event-reason = Answer, reason
event-inner-reason = Inner reason
event-inner-only = not told to the client
event-answer = Answer
event-function = Function
event-class = Class
event-time = Took
event-served = the service answered
event-not-served = did not reach the service
event-clauses = Clauses
event-more-clauses = { $n } more
event-device = Device
event-request = Request
event-evidence-for = Evidence for
event-no-clauses = The guard that decided serves no clause.
outcome-allowed = Passed
outcome-refused = Refused

# Latency

latency-title = Latency by class
latency-lead = From the whole request to the answer of the service, held against the limit of its class.
latency-span = Span
latency-span-minutes = { $n } min
latency-span-hours = { $n } h
latency-histogram = requests by time
latency-limit = limit { $value }
latency-limit-name = Limit
latency-requests = { $count ->
    [one] { $n } request
   *[other] { $n } requests
}
latency-requests-name = Requests
latency-over = Over the limit
latency-over-share = { $value } over the limit
latency-within = Within the limit
latency-none = No requests in this span.
latency-table = The same as a table
latency-range = Took
latency-against = Against the limit
latency-unit = milliseconds
latency-about = Times are counted in buckets whose bounds include the limits: what kept a limit is exact, a percentile is the bound that so many requests kept.
class-trade = Trade
class-quote = Quote
class-bus = Bus

# Devices

devices-title = Devices
devices-lead = Every device that was enrolled, in the order of the ids.
devices-find = Find a device
devices-missed = There is no device of this id. An id is d- and 22 characters.
devices-none = No device is enrolled.
device = Device
device-id = Id
device-facts = What is known
device-status = Status
device-since = since { $value }
device-platform = Platform
device-model = Model
device-enrolled = Enrolled
device-certificate = Certificate ends
device-ended = ended
device-ends-soon = ends soon
device-key = Signs with
device-control = Control
device-events = Latest events
device-freeze = Freeze
device-thaw = Thaw
device-revoke = Revoke
device-revoke-confirm = It is lost for good: revoking cannot be undone
device-active = Active
device-frozen = Frozen
device-revoked = Revoked
about-device-active = It may speak. Freezing ends its sessions at once and can be undone.
about-device-frozen = Nothing it sends is accepted, and its sessions have ended. It can be thawed.
about-device-revoked = Nothing it sends will ever be accepted again. The user has to enrol a device anew.
platform-android = Android
platform-ios = iOS
platform-harmony = HarmonyOS
platform-other = Other

# Homes

home-accessibility = Accessibility
home-assistant = Digital human
home-audit = Package audit
home-backup = Backup
home-biometrics = Biometrics
home-channel = Channel
home-codes = Image and SMS codes
home-consent = Consent
home-environment = Environment
home-errors = Errors
home-failover = Failover
home-governance = Governance
home-harden = Hardening
home-idcheck = Identity documents
home-input = Input
home-integrity = Integrity
home-keyboard = Keyboard
home-keybusiness = Key business
home-keys = Keys
home-liveness = Liveness
home-logging = Logging
home-login = Login
home-masking = Masking
home-miniapp = Mini-programs
home-module-update = Module updates
home-permissions = Permissions
home-push = Push
home-qr = QR codes
home-release = Releases
home-risk = Risk
home-session = Sessions
home-signing = Signing
home-supply = Supply chain
home-telemetry = Telemetry
home-thirdparty = Third parties
home-vault = Vault
