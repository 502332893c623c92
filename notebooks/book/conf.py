"""How Sphinx turns notebooks/ into the book; their stored outputs are shown as they are."""

project = "Executable EM"
extensions = ["myst_nb", "sphinx-mathjax-offline", "sphinxcontrib.bibtex"]
bibtex_bibfiles = ["../references.bib"]

nb_execution_mode = "off"
nb_render_markdown_format = "myst"
# Links lead to pages and sections; to look for C++ of that name takes a tenth of the build.
myst_ref_domains = ["std"]
myst_enable_extensions = ["amsmath", "attrs_block", "dollarmath"]

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "favicon.svg"
html_static_path = ["."]
html_css_files = ["book.css"]
html_js_files = ["live.js"]
html_show_copyright = False
html_show_sourcelink = False
html_theme_options = {"footer_content_items": [], "navbar_persistent": [], "use_download_button": False}
# Light or dark as the reader's system is.
html_context = {"default_mode": "auto"}
