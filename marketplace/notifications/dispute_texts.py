"""The words for disputes, in English and Chinese; see `texts`."""

from collections.abc import Mapping
from typing import Final

from marketplace.notifications.kinds import Kind

TEXTS: Final[Mapping[Kind, Mapping[str, tuple[str, str]]]] = {
    Kind.DISPUTE_OPENED: {
        "en": ("A dispute", "Order {number}, “{title}”, is disputed. Please answer in time: who is silent may lose."),
        "zh": ("订单纠纷", "订单 {number}（“{title}”）发生纠纷，请按时回应，逾期不回应可能败诉。"),
    },
    Kind.DISPUTE_ANSWERED: {
        "en": ("News in a dispute", "There is a new message in the dispute about order {number}, “{title}”."),
        "zh": ("纠纷有新消息", "订单 {number}（“{title}”）的纠纷有新消息。"),
    },
    Kind.DISPUTE_PROPOSED: {
        "en": ("A proposal", "The other side proposes how to settle order {number}, “{title}”: {amount} to the buyer."),
        "zh": ("和解提议", "对方就订单 {number}（“{title}”）提出和解：向买家退还 {amount}。"),
    },
    Kind.DISPUTE_ESCALATED: {
        "en": ("Staff will decide", "Our staff will decide about order {number}, “{title}”."),
        "zh": ("平台介入", "平台工作人员将裁决订单 {number}（“{title}”）。"),
    },
    Kind.DISPUTE_DECIDED: {
        "en": ("A decision", "Order {number}, “{title}”: {amount} goes to the buyer, unless somebody appeals in time."),
        "zh": ("纠纷裁决", "订单 {number}（“{title}”）：如无人按时申诉，{amount} 将退还买家。"),
    },
    Kind.DISPUTE_RESOLVED: {
        "en": ("The dispute is over", "The dispute about order {number}, “{title}”, is over: {amount} to the buyer."),
        "zh": ("纠纷已解决", "订单 {number}（“{title}”）的纠纷已解决：{amount} 退还买家。"),
    },
    Kind.DISPUTE_WITHDRAWN: {
        "en": ("Dispute withdrawn", "The dispute about order {number}, “{title}”, was withdrawn; the order goes on."),
        "zh": ("纠纷已撤回", "订单 {number}（“{title}”）的纠纷已撤回，订单继续进行。"),
    },
    Kind.DISPUTE_FOR_STAFF: {
        "en": ("A case for staff", "Order {number}, “{title}”, waits for a decision at the dispute desk."),
        "zh": ("待裁决纠纷", "订单 {number}（“{title}”）在纠纷处理台等待裁决。"),
    },
}
