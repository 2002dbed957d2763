"""What each handler does when its step is completed, and which earlier steps it looks at, as administrators read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class HandlerWords:
    """`does` says what happens beyond keeping the answers; `looks_at` are stems whose answers it uses."""

    does: str
    looks_at: tuple[str, ...] = ()


HANDLER_WORDS: Mapping[str, HandlerWords] = {
    "receive": HandlerWords("签收的记下实施层级（决定用附件1、2还是3）；退回的交县乡村振兴局重新分派。"),
    "reassign": HandlerWords("改派的换责任单位，刚退回的单位不能再选；撤销的结束流程。", ("receive",)),
    "field_survey": HandlerWords("核实的内容写进台账，按决策表给出分类建议，定出会审单位，生成实地调研情况报告。"),
    "assessment": HandlerWords("生成项目评估报告；没有它不能定为重建（第十条）。"),
    "joint_review": HandlerWords(
        "一个会审单位一份意见，不同意的须写明；没有上传意见书的由系统生成。", ("field_survey", "assessment")
    ),
    "preliminary_opinion": HandlerWords(
        "定出初步分类；会审中不同意和逾期的须逐条答复；生成会审意见汇总。", ("field_survey", "joint_review")
    ),
    "party_meeting": HandlerWords(
        "只能选已登记、有纪要的会议；记下分类和措施；与建议不同的须写理由；可以提出退出追偿。",
        ("preliminary_opinion", "decision"),
    ),
    "application": HandlerWords(
        "按实施层级生成申请表（附件1、2或3），措施写进台账。", ("party_meeting", "village_opinion")
    ),
    "village_opinion": HandlerWords("意见印进申请表；退回的回到填申请表。", ("application",)),
    "unit_opinion": HandlerWords(
        "签署后重新生成带意见的申请表；退回的回到填申请表。", ("application", "village_opinion")
    ),
    "submission": HandlerWords("材料不齐的不能报送；加入一个报送批次，生成请示和名单。"),
    "acceptance_check": HandlerWords("材料不齐的不能接收；退回的选退到哪一步。", ("unit_opinion",)),
    "decision": HandlerWords(
        "只能选已登记、有纪要的会议；改认定分类和措施；没有评估报告的不能定为重建；退出追偿和核销也在这里决定。",
        ("party_meeting", "objection", "disposal", "exit_recovery"),
    ),
    "reply": HandlerWords("同一次会议、同一个单位合成一份批复，生成审批表；台账抄送。", ("decision", "unit_opinion")),
    "notice_unit": HandlerWords("记下公告日期，公告期从后贴出的一处起算；日期不能早于批复。", ("reply",)),
    "notice_site": HandlerWords("记下公告日期，公告期从后贴出的一处起算；日期不能早于批复。", ("reply",)),
    "objection": HandlerWords("每条异议都要有核查结果；有一条成立，公告就终止，重新提请审定。"),
    "consultation": HandlerWords("乡镇、村、农户代表各一份意见，处置方案须逐条答复。"),
    "disposal_plan": HandlerWords(
        "按类别核对措施是否齐全；记下完成日期（最长一年），它是处置落实的期限；生成处置方案。",
        ("field_survey", "consultation"),
    ),
    "disposal": HandlerWords("可以多次登记进展，写进台账；完毕时须为100%并有现场照片；也可以提出退出。"),
    "exit_recovery": HandlerWords("逐笔登记追回的金额，没有追清的不能结清；追不回的提请核销。", ("decision",)),
    "evaluation": HandlerWords(
        "逐条核对措施，有一条没有落实的不能评为达到；没有达到的开始下一轮。", ("disposal_plan",)
    ),
    "reclassification": HandlerWords(
        "只能选已登记、有纪要的会议；改认定分类，保留历次认定；重新生成申请表。", ("field_survey",)
    ),
    "filing": HandlerWords(
        "予以备案的生成新的审批表并抄送；退回的重新分类；退出的可以要求补正。", ("reclassification",)
    ),
    "archiving": HandlerWords("归档目录（附件6）每一项都要有材料或经确认不适用，否则不能归档。"),
    "work_plan": HandlerWords("生成本单位的清理处置意见。"),
    "mobilisation": HandlerWords("记下动员和培训的时间、人数，生成记录。"),
    "weekly_report": HandlerWords("数字取自台账，只填盘活和重建项目的进展；生成周报。"),
    "monthly_update": HandlerWords("把确认时的台账和统计表各存一份。"),
    "yearly_report": HandlerWords("数字取自台账，生成年度报告。"),
    "round_approval": HandlerWords(
        "审核人签字后文件定稿；退回的回到填报。", ("work_plan", "weekly_report", "yearly_report")
    ),
    "round_check": HandlerWords("收下或者退回重报。"),
}
