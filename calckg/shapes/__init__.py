"""SHACL: read shapes, make plans of them, run these over a graph, report what was found. ``engine`` does all of it.

``model`` has what a shapes graph says (``reading`` makes it), ``algebra`` what is asked: ``compiler`` makes one plan of
each constraint. Three know every class of the algebra: the renderers ``columns.to_sql`` and ``store.to_sparql``, and
``changed``, which tells the focus nodes that a change can touch. ``results`` are what both back ends give.

``reading``
    ``shapes_graph`` (which files have them), ``wellformed`` (which nodes are shapes), ``reader`` with ``nodes`` (lists,
    paths, faults), ``components`` and ``query_rules`` (what is said in SPARQL), ``doubts`` (what is said in vain).
``columns``
    ``on_columns`` (two threads) runs ``plan_tables`` (tables that plans share), which ask ``known_terms``,
    ``predicates`` and ``closures``, and give what they have ``found``; ``clearing`` tells of many plans at once which
    find nothing. The SQL is made by ``to_sql`` with ``sql_names``, ``sql_terms`` and ``comparison_sql``. ``in_sparql``
    has constraints in SPARQL as SQL where it can: ``select_reader`` makes ``select_tree`` of a query, ``select_sql``
    with ``select_walks``, ``expression_sql`` and ``value_sql`` a statement, ``selected`` results; else a store beside
    is asked. ``relations`` is for what a build keeps.
``store``
    ``on_sparql`` runs the queries of ``to_sparql``, of the nodes that ``suspects`` tells; ``sparql_terms``,
    ``sparql_literals`` and ``sparql_paths`` write their parts. ``asked`` asks what shapes have in SPARQL, by
    ``query_text`` and ``query_sets``; ``spellings`` knows literals as Oxigraph has them, ``ending`` when to stop.
``reports``
    ``report`` (findings) with ``places``, ``file_lines`` and ``messages``, ``report_graph``, ``ci_formats``.

``lexical`` and ``patterns`` are XML Schema's forms and XPath's regular expressions for any engine; ``standing`` is what
a build has found.
"""
