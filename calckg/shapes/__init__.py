"""SHACL: read shapes, make plans of them, run these over a graph, report what was found. ``engine`` does all of it.

What a shapes graph says
    ``wellformed`` (which nodes are shapes), ``reader`` with ``nodes`` (lists, paths, faults), ``components`` and
    ``query_rules`` (what is said in SPARQL); all of it becomes ``model``.
What is asked
    ``compiler`` makes ``algebra`` of it: one plan a constraint. Three know every class of the algebra: ``to_sql``,
    ``to_sparql`` and ``changed``, which tells the focus nodes that a change can touch.
On the columns
    ``on_columns`` (two threads) runs ``plan_tables`` (tables that plans share), which ask ``known_terms``,
    ``predicates`` and ``closures``; ``clearing`` tells of many plans at once which find nothing. The SQL is made by
    ``to_sql`` with ``sql_names``, ``sql_terms`` and ``lexical``. ``relations`` is for what a build keeps, ``standing``
    for what it has found.
In a triple store
    ``on_sparql`` runs the queries of ``to_sparql``, of the nodes that ``suspects`` tells; ``sparql_terms`` and
    ``sparql_paths`` write their parts.
Constraints in SPARQL
    ``asked`` asks a store, by ``query_text`` and ``query_sets``. On the columns ``in_sparql`` has them as SQL where it
    can: ``select_reader`` makes ``select_tree`` of a query, ``select_sql`` with ``select_walks``, ``expression_sql``
    and ``value_sql`` a statement, ``selected`` results; else a store beside is asked (``spellings``).
What is told
    ``results``, then ``report`` with ``places``, ``file_lines`` and ``messages``, ``report_graph``, ``ci_formats``.
"""
