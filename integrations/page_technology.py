"""What a page's source and headers say of the tools in use: one table, each line with where its mark is documented.

Names and categories are in the style of Clearbit's `tech` and `techCategories`. A mark is what the tool's own
installation guide has people put into their pages, or what it sends; looks, class names and guesses are no marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from integrations.page_source import Source

MOST = 40


class Mark(NamedTuple):
    """`where`: "code" (URLs of scripts and links, and the text of scripts), "generator", or a header's name.
    `what` stands there, in lower case; a generator or header begins with it ("*": with anything). `source`: the
    documentation that tells of it.
    """

    tech: str
    category: str
    where: str
    what: str
    source: str


MARKS = tuple(
    Mark(*line.split())
    for line in """
    google_analytics     analytics             code          googletagmanager.com/gtag/js   developers.google.com/tag-platform/gtagjs
    google_analytics     analytics             code          google-analytics.com/          developers.google.com/analytics
    google_tag_manager   tag_management        code          googletagmanager.com/gtm.js    developers.google.com/tag-platform
    segment              analytics             code          cdn.segment.com/               segment.com/docs
    mixpanel             analytics             code          cdn.mxpnl.com/                 docs.mixpanel.com
    amplitude            analytics             code          cdn.amplitude.com/             amplitude.com/docs
    heap                 analytics             code          cdn.heapanalytics.com/         developers.heap.io
    plausible            analytics             code          plausible.io/js/               plausible.io/docs
    posthog              analytics             code          posthog.com/static/array.js    posthog.com/docs/libraries/js
    posthog              analytics             code          .i.posthog.com                 posthog.com/docs/libraries/js
    hotjar               analytics             code          static.hotjar.com/             help.hotjar.com
    matomo               analytics             code          matomo.js                      developer.matomo.org
    microsoft_clarity    analytics             code          clarity.ms/tag/                learn.microsoft.com/clarity
    optimizely           website_optimization  code          cdn.optimizely.com/            docs.developers.optimizely.com
    vwo                  website_optimization  code          visualwebsiteoptimizer.com/    help.vwo.com
    facebook_advertiser  advertising           code          connect.facebook.net/          developers.facebook.com/docs/meta-pixel
    linkedin_advertiser  advertising           code          snap.licdn.com/                www.linkedin.com/help/lms
    google_ads           advertising           code          googleadservices.com/          support.google.com/google-ads
    hubspot              marketing_automation  code          js.hs-scripts.com/             knowledge.hubspot.com
    hubspot              marketing_automation  code          js.hs-analytics.net/           knowledge.hubspot.com
    hubspot              marketing_automation  code          js.hsforms.net/                developers.hubspot.com
    marketo              marketing_automation  code          munchkin.marketo.net/          experienceleague.adobe.com
    pardot               marketing_automation  code          pi.pardot.com/                 help.salesforce.com
    mailchimp            email_marketing       code          chimpstatic.com/               mailchimp.com/help
    klaviyo              email_marketing       code          static.klaviyo.com/            developers.klaviyo.com
    customer_io          marketing_automation  code          assets.customer.io/            docs.customer.io
    intercom             customer_support      code          widget.intercom.io/            developers.intercom.com
    zendesk              customer_support      code          static.zdassets.com/           developer.zendesk.com
    drift                customer_support      code          js.driftt.com/                 devdocs.drift.com
    crisp                customer_support      code          client.crisp.chat/             docs.crisp.chat
    freshchat            customer_support      code          wchat.freshchat.com/           developers.freshchat.com
    calendly             scheduling            code          assets.calendly.com/           help.calendly.com
    stripe               payment               code          js.stripe.com/                 docs.stripe.com/js
    paypal               payment               code          paypal.com/sdk/js              developer.paypal.com
    braintree            payment               code          js.braintreegateway.com/       developer.paypal.com/braintree
    shopify              ecommerce             code          cdn.shopify.com/               shopify.dev/docs
    shopify              ecommerce             powered-by    shopify                        shopify.dev/docs
    woocommerce          ecommerce             code          /plugins/woocommerce/          developer.woocommerce.com
    bigcommerce          ecommerce             code          cdn11.bigcommerce.com/         developer.bigcommerce.com
    wordpress            content_management    code          /wp-content/                   developer.wordpress.org/themes
    wordpress            content_management    generator     wordpress                      developer.wordpress.org/reference
    drupal               content_management    generator     drupal                         api.drupal.org
    joomla               content_management    generator     joomla                         docs.joomla.org
    typo3                content_management    generator     typo3                          docs.typo3.org
    ghost                content_management    generator     ghost                          ghost.org/docs
    hugo                 content_management    generator     hugo                           gohugo.io
    wix                  content_management    generator     wix.com                        dev.wix.com
    wix                  content_management    code          static.parastorage.com/        dev.wix.com
    squarespace          content_management    code          static1.squarespace.com/       developers.squarespace.com
    webflow              content_management    generator     webflow                        developers.webflow.com
    contentful           content_management    code          ctfassets.net/                 www.contentful.com/developers
    next_js              web_framework         code          /_next/static/                 nextjs.org/docs
    next_js              web_framework         x-powered-by  next.js                        nextjs.org/docs
    nuxt                 web_framework         code          /_nuxt/                        nuxt.com/docs
    gatsby               web_framework         generator     gatsby                         www.gatsbyjs.com/docs
    astro                web_framework         generator     astro                          docs.astro.build
    express              web_framework         x-powered-by  express                        expressjs.com/en/advanced
    php                  programming_language  x-powered-by  php                            www.php.net/manual/en/ini.core.php
    asp_net              web_framework         x-powered-by  asp.net                        learn.microsoft.com/iis
    cloud_flare          web_servers           server        cloudflare                     developers.cloudflare.com
    nginx                web_servers           server        nginx                          nginx.org/en/docs
    openresty            web_servers           server        openresty                      openresty.org
    apache               web_servers           server        apache                         httpd.apache.org/docs
    microsoft_iis        web_servers           server        microsoft-iis                  learn.microsoft.com/iis
    vercel               web_servers           server        vercel                         vercel.com/docs
    netlify              web_servers           server        netlify                        docs.netlify.com
    aws_s3               web_servers           server        amazons3                       docs.aws.amazon.com/AmazonS3
    aws_cloudfront       web_servers           x-amz-cf-id   *                              docs.aws.amazon.com/AmazonCloudFront
    fastly               web_servers           x-served-by   cache-                         www.fastly.com/documentation
    github_pages         web_servers           server        github.com                     docs.github.com/en/pages
    """.strip().splitlines()  # noqa: E501
)


def tools(source: Source, headers: Mapping[str, str]) -> dict[str, str]:
    """The tools in use, by name in the table's order, with the category of each."""
    addresses = [*source.scripts, *(link.get("href", "") for link in source.links)]
    code = "\n".join([*addresses, source.inline]).lower()
    generator = source.metas.get("generator", "").lower()
    said = {name.lower(): value.strip().lower() for name, value in headers.items()}
    found: dict[str, str] = {}
    for mark in MARKS:
        if mark.where == "code":
            is_met = mark.what in code
        elif mark.where == "generator":
            is_met = generator.startswith(mark.what)
        else:
            is_met = mark.where in said and (mark.what == "*" or said[mark.where].startswith(mark.what))
        if is_met:
            found.setdefault(mark.tech, mark.category)
    return dict(list(found.items())[:MOST])
