"""The closed lists of the scheme (实施方案): an identifier that is stored, a Chinese label that is read.

The identifier, not the label, goes into the database, the diagram's conditions and the API, so that a label can be
reworded without touching a case.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A member's value is its identifier; `label` is what people read."""

    label: str

    def __new__(cls, identifier: str, label: str = "") -> Self:
        member = str.__new__(cls, identifier)
        member._value_ = identifier
        member.label = label
        return member

    @classmethod
    def labelled(cls, label: str = "") -> Self:
        """Return the member printed as `label`; KeyError when there is none."""
        for member in cls:
            if member.label == label:
                return member
        raise KeyError(label)


class Category(Term):
    """四个一批: the four classes (art. 3–6), in the order the forms print them."""

    CONSOLIDATE = "consolidate", "巩固"
    UPGRADE = "upgrade", "提升"
    REVIVE = "revive", "盘活"
    REBUILD = "rebuild", "重建"


class Level(Term):
    """Who runs the project: decides between Annex 1, 2 and 3."""

    VILLAGE = "village", "村级"
    TOWNSHIP = "township", "乡镇"
    DEPARTMENT = "department", "部门"


class UnitKind(Term):
    """What a unit is (O1)."""

    CITY = "city", "市"
    COUNTY = "county", "县"
    BUREAU = "bureau", "县乡村振兴局"
    AGRICULTURE = "agriculture", "县农业农村委"
    OFFICE = "office", "领导小组办公室"
    REVIEWER = "reviewer", "会审单位"
    DEPARTMENT = "department", "行业部门"
    TOWNSHIP = "township", "乡镇（街道）"
    VILLAGE = "village", "村（居）"


class Role(Term):
    """What a person may do within a unit (O2)."""

    HANDLER = "handler", "经办人"
    SIGNER = "signer", "审核人"
    SUPERVISOR = "supervisor", "督查"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDIT_ADMIN = "audit_admin", "审计管理员"


class Industry(Term):
    """产业类型."""

    PLANTING = "planting", "种植业"
    BREEDING = "breeding", "养殖业"
    COLD_CHAIN = "cold_chain", "仓储冷链物流"
    TOURISM = "tourism", "休闲农业与乡村旅游"
    SOLAR = "solar", "光伏电站"
    PROCESSING = "processing", "加工业"
    OTHER = "other", "其他"


class OperatingMode(Term):
    """运营模式; Annex 5 prints 委托经营 for 委托运营 (F9)."""

    OWN = "own", "自主经营"
    ENTRUSTED = "entrusted", "委托运营"
    LEASE = "lease", "租赁"
    COOPERATION = "cooperation", "合作发展(入股)"
    EQUITY = "equity", "股权投资"
    OTHER = "other", "其他"


class Function(Term):
    """功能现状."""

    NORMAL = "normal", "正常"
    DAMAGED = "damaged", "损坏"
    LOST = "lost", "灭失"


class Use(Term):
    """使用现状."""

    IN_USE = "in_use", "在用"
    IDLE = "idle", "闲置"


class Operation(Term):
    """生产经营 as Annex 1–3 ask it."""

    NORMAL = "normal", "正常"
    DIFFICULT = "difficult", "经营遇到困难"
    STOPPED = "stopped", "停产闲置"


class LedgerOperation(Term):
    """生产经营情况 as Annex 5 prints it."""

    NORMAL = "normal", "经营正常"
    DIFFICULT = "difficult", "经营困难"
    STOPPED = "stopped", "终止经营"


class Cause(Term):
    """The ten causes of Annex 1–3, in their order."""

    CHOICE = "choice", "产业选择不准"
    FACILITIES = "facilities", "配套设施原因"
    FUNDS = "funds", "资金短缺"
    MANAGEMENT = "management", "管理不善"
    LABOUR = "labour", "用工短缺"
    MATERIALS = "materials", "原材料供应困难"
    TECHNOLOGY = "technology", "技术原因"
    PRICES = "prices", "产品价格波动"
    DISASTER = "disaster", "自然灾害"
    OTHER = "other", "其他"


class ProjectProblem(Term):
    """存在问题 of Annex 5."""

    STOPPED = "stopped", "停产"
    LOSS = "loss", "亏损"
    PARTNER_UNCERTAIN = "partner_uncertain", "合作主体持续经营存在重大不确定性"
    DIVIDEND_SHORT = "dividend_short", "未足额分红"
    PRINCIPAL_DUE = "principal_due", "到期未全额返还本金"
    LINKAGE_MISSING = "linkage_missing", "未落实联农带农"


class Linkage(Term):
    """联农带农."""

    FULL = "full", "充分"
    PARTIAL = "partial", "不充分"


class LinkageGap(Term):
    """What is not done for the farmers."""

    PRODUCTION = "production", "未按约定有效带动农户发展生产"
    JOBS = "jobs", "未按约定吸纳农村劳动力稳定就业"
    RETURNS = "returns", "未按约定及时足额分配资产收益"


class ConsolidateMeasure(Term):
    """What art. 7 offers a 巩固 project."""

    CHAIN = "chain", "壮大产业链、提升价值链，打造多元融合发展的特色产业"
    PARKS = "parks", "支持农产品加工园区和农业产业园区建设"
    SCALE = "scale", "推动帮扶产业规模化、资源集约化、企业集群化"
    CARE = "care", "制定特色主导产业管护办法或措施，推行“大基地+小单元”等新型管护模式"
    FUNCTIONS = "functions", "发展乡村旅游、休闲农业、文化体验、健康养老、科普教育等新产业新业态"
    RESEARCH = "research", "强化企业创新主体地位，研发新技术、开发新产品、开拓新市场"
    LEADERS = "leaders", "引进食品及农产品加工领军型和骨干型“链主”企业"
    LISTING = "listing", "支持挂牌上市，巩固优势地位"


class UpgradeMeasure(Term):
    """What art. 8 offers a 提升 project."""

    CHAIN = "chain", "强链补链延链，打造领军企业、综合服务保障企业和上市后备企业"
    STAGES = "stages", "形成一产有基地、二产有实体、三产有业态的发展链条"
    CAMPAIGNS = "campaigns", "实施食品安全、种养基地建设、品牌建设、平台建设、园区建设、“头羊计划”等专项行动"
    FACILITIES = "facilities", "完善生产加工、仓储保鲜、冷链运输、保鲜销售等设施，改善农村现代物流条件"
    PROCESSING = "processing", "提升加工转化率和产品附加值"
    TECHNOLOGY = "technology", "加大科技投入，深化品种引进改良，加强技术研发推广"
    SALES = "sales", "利用定点帮扶、鲁渝协作、“万企兴万村”等机制，开展品牌宣传和农产品推介"
    FIRST_PROCESSING = "first_processing", "支持农民专业合作社、家庭农场开展保鲜、分级、包装等产地初加工"
    BASES = "bases", "支持龙头企业建设农产品加工基地"
    FARMERS = "farmers", "让农户特别是脱贫户及监测对象更多享受项目收益"


class ReviveWay(Term):
    """How art. 9 (and art. 5: money and policy) brings a stopped project back."""

    PLATFORM = "platform", "搭建承接农村资本、运营集体资产、承载产业项目的综合平台"
    RESOURCES = "resources", "开发利用闲置的土地、林地、草地、荒地、滩涂、水面等自然资源"
    SHARES = "shares", "村集体以现金、实物、土地经营权等入股企业，签订双方合作协议"
    CONTRACTING = "contracting", "将闲置的资产资源发包给企业经营"
    LAND_CARE = "land_care", "支持企业开展土地流转、代耕代种、联耕联种、土地托管等"
    SUPPORT = "support", "给予资金和政策支持"


class FailureKind(Term):
    """Why a 重建 project failed; the plan must fit it (art. 10)."""

    SOIL_CLIMATE = "soil_climate", "土壤、气候等原因"
    FACILITIES = "facilities", "配套设施设备欠缺"
    VARIETY = "variety", "品种滞后"
    OTHER = "other", "其他原因"


class FundingSource(Term):
    """Where the money came from (投资规模 1–4)."""

    EARMARKED = "earmarked", "财政专项扶贫资金(衔接资金)"
    INTEGRATED = "integrated", "整合其他涉农资金"
    SECTOR = "sector", "行业扶贫(帮扶)资金"
    SOCIAL = "social", "社会扶贫(帮扶)资金"


class FundingTier(Term):
    """Which level of government gave it; `unsplit` until the survey splits a subtotal."""

    CENTRAL = "central", "中央资金"
    CITY = "city", "市级资金"
    COUNTY = "county", "区县资金"
    UNSPLIT = "unsplit", "未拆分"


class ReviewOpinion(Term):
    """What a reviewing body says."""

    AGREE = "agree", "同意"
    REMARKS = "remarks", "有意见"
    DISAGREE = "disagree", "不同意"
    OVERDUE = "overdue", "逾期未反馈"


class PaperKind(Term):
    """What a paper on a case is; the archive list (Annex 6) is filled by these."""

    SURVEY_REPORT = "survey_report", "实地调研情况报告"
    PHOTO = "photo", "现场照片"
    CONTRACT = "contract", "项目协议书或合同书"
    ASSESSMENT = "assessment", "项目评估报告"
    REVIEW_OPINION = "review_opinion", "会审意见"
    PARTY_MINUTES = "party_minutes", "党组（委）会议纪要"
    APPLICATION = "application", "分类及处置措施审批表"
    VILLAGE_SCAN = "village_scan", "村级意见扫描件"
    REQUEST = "request", "报送请示"
    ANNEX4 = "annex4", "分类统计表"
    ANNEX5 = "annex5", "管理台账"
    GROUP_MINUTES = "group_minutes", "领导小组会议纪要"
    REPLY = "reply", "批复"
    NOTICE = "notice", "公告"
    NOTICE_CERTIFICATE = "notice_certificate", "公告期满证明"
    OBJECTION = "objection", "异议材料"
    CONSULTATION = "consultation", "征求意见材料"
    PLAN = "plan", "处置方案"
    PROGRESS = "progress", "处置进展材料"
    AGREEMENT = "agreement", "合作协议"
    RECOVERY = "recovery", "退出追偿凭证"
    EVALUATION = "evaluation", "成效评定材料"
    WORK_PLAN = "work_plan", "清理处置意见"
    MOBILISATION = "mobilisation", "动员部署材料"
    TRAINING = "training", "业务培训记录"
    YEARLY_REPORT = "yearly_report", "年度报告"
    ROUND_SUMMARY = "round_summary", "周期汇总"
    SPOT_CHECK = "spot_check", "督查抽查材料"
    OTHER = "other", "其他材料"


class RoundKind(Term):
    """周期报送: the reports that come round for every unit (R1–R4)."""

    PLAN = "plan", "制定方案"
    MOBILISATION = "mobilisation", "动员部署"
    WEEKLY = "weekly", "周调度"
    MONTHLY = "monthly", "月度更新"
    YEARLY = "yearly", "年度报告"


class MeetingKind(Term):
    """Whose meeting it is."""

    PARTY = "party", "党组（委）会"
    GROUP = "group", "领导小组会议"


class SnapshotKind(Term):
    """Why the ledger's state was kept."""

    DAILY = "daily", "每日自动"
    MONTHLY = "monthly", "每月自动"
    ROUND = "round", "月度更新"
    REQUEST = "request", "按需"


class RowStanding(Term):
    """How a row of Annex 6 stands."""

    THERE = "t", "已有"
    WAIVED = "w", "不适用"
    LACKING = "l", "缺"


class ConversionStage(Term):
    """How far a paper is on its way to a PDF."""

    QUEUED = "queued", "排队"
    WORKING = "working", "正在转换"
    DONE = "done", "已转换"
    FAILED = "failed", "不能转换"


class ImportStage(Term):
    """How far an import is."""

    CHECKED = "checked", "已检查，待确认"
    TAKING = "taking", "正在导入"
    PUSHING = "pushing", "正在推送"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "未完成"


class CaseStatus(Term):
    RUNNING = "running", "办理中"
    SUSPENDED = "suspended", "已挂起"
    ARCHIVED = "archived", "已归档"
    WITHDRAWN = "withdrawn", "已撤销"
    TERMINATED = "terminated", "已终止"


class ItemStatus(Term):
    OPEN = "open", "待办"
    UNSIGNED = "unsigned", "待签字"
    DONE = "done", "已办"
    CANCELLED = "cancelled", "已取消"
    SKIPPED = "skipped", "已跳过"


class IncidentKind(Term):
    """What failed: a due timer, a message, the completion of an item, or a case that cannot be read."""

    TIMER = "timer", "到期事项"
    MESSAGE = "message", "消息"
    ITEM = "item", "办理"
    STATE = "state", "流程状态"
