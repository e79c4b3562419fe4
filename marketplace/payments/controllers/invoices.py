import asyncio
from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.payments.printing import print_invoice
from marketplace.payments.queries import invoices
from marketplace.payments.queries.invoices import INVOICES, InvoiceFilters
from marketplace.payments.schemas.invoices import InvoiceDetail, InvoiceOut

PDF = "application/pdf"


class InvoiceController(Controller):
    path = "/invoices"
    tags = ("Invoices",)

    @get(operation_id="listInvoices", opt={"listing": INVOICES})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[InvoiceFilters]]
    ) -> Envelope[Page[InvoiceOut]]:
        """Invoices and credit notes issued to you and by you."""
        return await invoices.list_invoices(viewer.id, listing)

    @get("/{invoice_id:uuid}", operation_id="showInvoice", opt={"also_answers": (PDF,)})
    async def show(
        self,
        request: Request[Any, Any, Any],
        invoice_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        format: FromQuery[Literal["json", "pdf"] | None] = None,
    ) -> Response[Envelope[InvoiceDetail]]:
        """What an invoice says; with `?format=pdf`, or where PDF is asked for by `Accept`, the document to keep.

        Only its two parties see it.
        """
        if format == "pdf" or (format is None and wants_pdf(request.headers.get("accept", ""))):
            return await printed(viewer.id, invoice_id)
        return Response(ok(await invoices.get_invoice(viewer.id, invoice_id)))

    @get("/{invoice_id:uuid}/pdf", operation_id="downloadInvoice", media_type=PDF)
    async def download(self, invoice_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Response[bytes]:
        """The document to keep, as a PDF."""
        return await printed(viewer.id, invoice_id)


async def printed(viewer_id: UUID, invoice_id: UUID) -> Response[Any]:
    issued = await invoices.get_issued(viewer_id, invoice_id)
    content = await asyncio.to_thread(print_invoice, issued.kind, issued.number, issued.issued_at, issued.document)
    headers = {"content-disposition": f'attachment; filename="{issued.number}.pdf"'}
    return Response(content, media_type=PDF, headers=headers)


def wants_pdf(accept: str) -> bool:
    """Whether PDF is named and no JSON before it."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return PDF in named and "application/json" not in named[: named.index(PDF)]
