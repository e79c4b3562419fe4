"""Everything that registers itself when imported: listeners, timers, jobs. App, worker and commands import this first.

An event is stored for the listeners known to the process that emits it, so every process must know them all.
"""

from saq import CronJob
from saq.types import Context

import marketplace.accounts.handlers
import marketplace.auctions.fulfilment
import marketplace.auctions.handlers
import marketplace.auctions.invariants
import marketplace.auctions.personal_data
import marketplace.auctions.reviewing
import marketplace.auctions.timers
import marketplace.core.mail
import marketplace.demo.tasks
import marketplace.disputes.contributions
import marketplace.disputes.handlers
import marketplace.disputes.invariants
import marketplace.disputes.personal_data
import marketplace.disputes.timers
import marketplace.engagements.fulfilment
import marketplace.engagements.handlers
import marketplace.engagements.invariants
import marketplace.engagements.milestone_invariants
import marketplace.engagements.personal_data
import marketplace.engagements.reviewing
import marketplace.engagements.timers
import marketplace.gigs.handlers
import marketplace.gigs.invariants
import marketplace.gigs.personal_data
import marketplace.ledger.invariants
import marketplace.media.handlers
import marketplace.media.invariants
import marketplace.moderation.handlers
import marketplace.notifications.disputes
import marketplace.notifications.engagements
import marketplace.notifications.gigs
import marketplace.notifications.handlers
import marketplace.notifications.milestones
import marketplace.notifications.money
import marketplace.notifications.parcels
import marketplace.notifications.personal_data
import marketplace.notifications.reviews
import marketplace.notifications.subscriptions
import marketplace.orders.handlers
import marketplace.orders.invariants
import marketplace.orders.personal_data
import marketplace.orders.shipment_invariants
import marketplace.orders.timers
import marketplace.payments.handlers
import marketplace.payments.invariants
import marketplace.payments.payout_invariants
import marketplace.payments.payout_jobs
import marketplace.payments.personal_data
import marketplace.payments.providers.alipay
import marketplace.payments.providers.paypal
import marketplace.payments.providers.sandbox.invariants
import marketplace.payments.providers.stripe
import marketplace.payments.providers.wechat
import marketplace.reviews.handlers
import marketplace.reviews.invariants
import marketplace.reviews.personal_data
import marketplace.reviews.timers
import marketplace.shop.carrying
import marketplace.shop.coupon_invariants
import marketplace.shop.fulfilment
import marketplace.shop.handlers
import marketplace.shop.invariants
import marketplace.shop.personal_data
import marketplace.shop.return_invariants
import marketplace.shop.reviewing
import marketplace.shop.timers
import marketplace.subscriptions.handlers
import marketplace.subscriptions.invariants
import marketplace.subscriptions.personal_data
import marketplace.subscriptions.timers  # noqa: F401 - for what they register
from marketplace.accounts import cleaning, tickets
from marketplace.core import housekeeping, ratelimit_hits
from marketplace.gigs.service import tallying
from marketplace.notifications import tasks as notification_tasks
from marketplace.payments.providers.sandbox import webhooks as sandbox_webhooks
from marketplace.payments.reconciliation import tasks as reconciliation_tasks
from marketplace.payments.service import webhooks
from marketplace.reviews import tasks as review_tasks
from marketplace.shop.service.cart import forget_guest_carts

CRON: list[CronJob[Context]] = [
    *housekeeping.CRON,
    *notification_tasks.CRON,
    *reconciliation_tasks.CRON,
    *review_tasks.CRON,
    CronJob(housekeeping.cleaning(tickets.delete_stale_tickets), cron="*/10 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(ratelimit_hits.delete_old_hits), cron="17 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_spent_links), cron="27 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_spent_refresh_tokens), cron="37 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(cleaning.delete_old_sessions), cron="47 3 * * *", timeout=300),
    CronJob(housekeeping.cleaning(tallying.write_counts), cron="* * * * *", timeout=60),
    CronJob(housekeeping.cleaning(tallying.work_out_trending), cron="12 * * * *", timeout=300),
    CronJob(housekeeping.cleaning(tallying.forget_old_counts), cron="43 3 * * *", timeout=300),
    CronJob(housekeeping.cleaning(forget_guest_carts), cron="41 3 * * *", timeout=300),
    CronJob(housekeeping.cleaning(webhooks.forget_bodies), cron="57 3 * * *", timeout=300),
    CronJob(housekeeping.cleaning(sandbox_webhooks.delete_old_events), cron="53 3 * * *", timeout=300),
]
"""What is done by the clock and may be late: SAQ runs each once, whichever worker is first."""
