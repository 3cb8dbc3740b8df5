// Says so when the page no longer renews itself: old figures must not look like new ones.
"use strict";
(() => {
    const stale = (isStale) => {
        const notice = document.getElementById("stale");
        if (notice) notice.hidden = !isStale;
    };
    for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
        document.addEventListener(failure, () => stale(true));
    }
    document.addEventListener("htmx:afterRequest", (event) => {
        if (event.detail.successful) stale(false);
    });
})();
