"""The words for milestones, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.MILESTONES_PROPOSED: {
        "en": ("Milestones proposed", "The other side proposes milestones for order {number}, “{title}”. Look at them, and agree or change them."),
        "zh": ("里程碑提议", "对方为订单 {number}（“{title}”）提出了里程碑方案，请查看并确认或修改。"),
    },
    Kind.MILESTONES_AGREED: {
        "en": ("Milestones agreed", "The other side agrees to your milestones for order {number}, “{title}”."),
        "zh": ("里程碑已确认", "对方已同意您为订单 {number}（“{title}”）提出的里程碑。"),
    },
    Kind.MILESTONE_SUBMITTED: {
        "en": (
            "A milestone is done",
            "“{title}” of order {number} has been submitted. If you say nothing, it is approved on {until}.",
        ),
        "zh": ("里程碑已提交", "订单 {number} 的“{title}”已提交；若您未回应，将于 {until} 自动通过。"),
    },
    Kind.MILESTONE_REJECTED: {
        "en": ("A milestone was rejected", "“{title}” of order {number} is not what the buyer expected: {reason}"),
        "zh": ("里程碑被退回", "订单 {number} 的“{title}”未获买家认可：{reason}"),
    },
    Kind.MILESTONE_APPROVED: {
        "en": ("A milestone was approved", "“{title}” of order {number} was approved: {amount} has been released."),
        "zh": ("里程碑已通过", "订单 {number} 的“{title}”已通过，{amount} 已放款。"),
    },
    Kind.MILESTONE_DUE: {
        "en": ("The next milestone", "“{title}” of order {number} is done. Please pay {amount} for the next milestone, so that it can begin."),
        "zh": ("请支付下一里程碑", "订单 {number} 的“{title}”已完成，请为下一里程碑支付 {amount}，以便卖家继续。"),
    },
}  # fmt: skip
