# 运维页面的中文文字。键按页面顺序排列。
# $n 是用于显示的数字，$count 是同一数字，用于选择词形。

product = 合符 Hefu
console = 控制台
skip = 跳到正文
nav = 栏目
nav-overview = 概览
nav-coverage = 条款覆盖
nav-events = 事件
nav-latency = 时延
nav-devices = 设备
language = 语言
logout = 退出登录
stale = 控制台没有应答，页面内容已停止更新。恢复后请重新加载页面。
footer-times = 时间按 { $value } 显示
footer-drawn = 生成于 { $value }
any = 不限
filter = 筛选
filter-clear = 清除
pages = 翻页
pages-first = 首页
pages-next = 下一页
crumbs = 当前位置
list-comma = ，
ago-now = 刚刚
ago-seconds = { $n } 秒前
ago-minutes = { $n } 分钟前
ago-hours = { $n } 小时前
ago-days = { $n } 天前

# 登录

login-title = 登录
login-lead = 仅供本系统的运维人员使用。
login-password = 密码
login-button = 登录
login-wrong = 密码不正确。
login-later = 登录失败次数过多，请等一分钟后再试。

# 出错

error-title = 操作未完成
error-home = 返回概览
error-other = 请求被拒绝。
error-400 = 地址或表单中有控制台无法识别的内容。
error-403 = 表单不是从本控制台的页面提交的，或者页面已过期。请返回，重新加载后再试。
error-404 = 此地址没有内容。
error-405 = 此地址不支持这样使用。
error-413 = 表单过长。
error-414 = 地址过长。
error-421 = 控制台不在您所用的名称下提供服务。可用的名称见配置中的来源列表。
error-503 = 存储没有应答，原因见日志。

# 概览

overview-title = 概览
overview-coverage = 全部条款
overview-recent = 最新判定
overview-events = 全部事件
overview-latency = 最近一小时的时延
overview-latency-all = 分布与时段
overview-share = 限值内的比例
overview-devices = { $n } 台设备
overview-devices-more = 前 { $n } 台设备
overview-devices-bar = 各状态的设备
overview-devices-all = 全部设备
overview-ends-soon = { $n } 台正常设备的证书将在 14 天内到期
health-well = 每个判定都有记录
health-ill = 判定记录可能缺失
health-store = 存储应答正常
health-no-store = 存储没有应答
health-recorded = 启动以来记录 { $n } 条
health-not-recording = 无法记录：网关拒绝一切请求
health-unrecorded = { $n } 条未能记录，相应请求已被拒绝
health-failed-imports = 连续 { $n } 次未能将记录导入存储

# 条款覆盖

coverage-title = 条款覆盖
coverage-lead = 四份文件的每一项条款，由产品的哪一部分满足，以及最近一次起作用的时间。
coverage-all = { $n } 项条款
coverage-bar = { $n } 项条款的状态
coverage-by-document = 按文件
coverage-by-home = 按归属
coverage-shares = 比例
coverage-total = 合计
coverage-clauses = 条款
coverage-filter = 筛选条款
coverage-text = 编号、文字、文件或原因
coverage-all-shown = 全部 { $n } 项条款
coverage-found = 找到 { $n } 项条款
coverage-none = 没有符合条件的条款。
document = 文件
home = 归属
state-enforced = 强制执行
state-checked = 构建检查
state-attested = 人工举证
state-excepted = 书面例外
state-partly-planned = 部分待建
state-planned = 待建
about-state-enforced = 产品运行时由代码强制执行。
about-state-checked = 每次构建都按此检查。
about-state-attested = 须由人员举证，证据有有效期；从不计为通过。
about-state-excepted = 有缺项，并书面说明不补的原因。
about-state-partly-planned = 一部分已实现，一部分尚未实现。
about-state-planned = 尚未实现。

# 条款页

clause = 条款
clause-requirement = 要求
clause-state = 状态
clause-served-by = 实现位置
clause-last-seen = 最近作用
clause-neighbours = 相邻条款
clause-wording = 条文
clause-own-words = 此处为我们的转述，以发布的原文为准
clause-how = 满足方式
clause-planned = 尚未实现
clause-evidence = 运行证据
clause-evidence-about = 落实本条款的关卡放行或拦截的请求。它们表明关卡在起作用，但不提升条款的状态。
clause-events = 最新事件
clause-no-events = 尚无涉及本条款的事件。
how-E = 运行时强制
how-C = 构建时检查
how-A = 人工举证
missing-code = 缺少代码
missing-probe = 缺少探测
missing-check = 缺少检查
served-code = 强制它的代码
served-probes = 攻击它的探测
served-checks = 检查构建的规则
files-code = { $n } 个文件
files-probes = { $n } 个探测
files-checks = { $n } 项检查
seen-allowed = 放行 { $n }
seen-refused = 拦截 { $n }
seen-let-pass = 放行
seen-turned-away = 拦截

# 事件

events-title = 事件
events-lead = 网关的每个判定，最新的在前。原因只供您查看，客户端只收到公开代码。
events-caption = 网关的判定
events-filter = 筛选事件
events-live = 实时
events-paused = 已暂停
events-past = 较早的事件
events-pause = 暂停
events-resume = 继续
events-newest = 回到最新
events-older = 更早
events-none = 没有事件。
events-all = 全部事件
events-refused = 仅看拦截
events-mistyped = 请求编号形如 0199c2b4-5a00-7000-8000-0123456789ab。
event-title = 请求
event-number = 事件 { $n }
event-seq = 序号
event-at = 时间
event-outcome = 结果
event-guard = 关卡
event-reason = 应答与原因
event-inner-reason = 内部原因
event-inner-only = 不告知客户端
event-answer = 应答
event-function = 功能号
event-class = 类别
event-time = 用时
event-served = 业务系统已应答
event-not-served = 未到达业务系统
event-clauses = 条款
event-more-clauses = 另 { $n } 项
event-device = 设备
event-request = 请求
event-evidence-for = 作为以下条款的证据
event-no-clauses = 作出判定的关卡不对应任何条款。
outcome-allowed = 放行
outcome-refused = 拦截

# 时延

latency-title = 各类时延
latency-lead = 从收齐请求到业务系统应答所用的时间，与功能所属类别的限值对照。
latency-span = 时段
latency-span-minutes = { $n } 分钟
latency-span-hours = { $n } 小时
latency-histogram = 请求用时分布
latency-limit = 限值 { $value }
latency-limit-name = 限值
latency-requests = { $n } 次请求
latency-requests-name = 请求
latency-over = 超出限值
latency-over-share = { $value } 超出限值
latency-within = 限值以内
latency-none = 此时段没有请求。
latency-table = 以表格查看
latency-range = 用时
latency-against = 与限值对照
latency-unit = 毫秒
latency-about = 用时按区间计数，区间边界包含各类限值：是否达标是精确的，百分位数则是该比例的请求都未超过的边界。
class-trade = 交易
class-quote = 行情
class-bus = 总线

# 设备

devices-title = 设备
devices-lead = 所有已登记的设备，按编号排列。
devices-find = 查找设备
devices-missed = 没有这个编号的设备。编号由 d- 和 22 个字符组成。
devices-none = 没有已登记的设备。
device = 设备
device-id = 编号
device-facts = 基本信息
device-status = 状态
device-since = 自 { $value } 起
device-platform = 平台
device-model = 型号
device-enrolled = 登记时间
device-certificate = 证书到期
device-ended = 已到期
device-ends-soon = 即将到期
device-key = 签名算法
device-control = 管控
device-events = 最新事件
device-freeze = 冻结
device-thaw = 解冻
device-revoke = 吊销
device-revoke-confirm = 设备已确认丢失：吊销后无法恢复
device-active = 正常
device-frozen = 已冻结
device-revoked = 已吊销
about-device-active = 可以发起请求。冻结会立即结束它的会话，之后可以解冻。
about-device-frozen = 它发来的一切都不被接受，会话已结束。可以解冻。
about-device-revoked = 它发来的一切永远不再被接受。用户须重新登记设备。
platform-android = Android
platform-ios = iOS
platform-harmony = HarmonyOS
platform-other = 其他

# 归属

home-accessibility = 无障碍
home-assistant = 数字人
home-audit = 安装包审计
home-backup = 备份
home-biometrics = 生物识别
home-channel = 通信通道
home-codes = 图形与短信验证码
home-consent = 隐私与同意
home-environment = 运行环境
home-errors = 错误处理
home-failover = 容灾切换
home-governance = 管理制度
home-harden = 加固
home-idcheck = 证件核验
home-input = 输入校验
home-integrity = 完整性
home-keyboard = 安全键盘
home-keybusiness = 关键业务
home-keys = 密钥
home-liveness = 活体检测
home-logging = 日志
home-login = 登录认证
home-masking = 脱敏展示
home-miniapp = 小程序
home-module-update = 模块更新
home-permissions = 系统权限
home-push = 消息推送
home-qr = 二维码
home-release = 版本发布
home-risk = 风险控制
home-session = 会话
home-signing = 签名与防重放
home-supply = 第三方组件
home-telemetry = 性能监测
home-thirdparty = 第三方共享
home-vault = 本地存储
