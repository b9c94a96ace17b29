# From all participants to tables, verdicts, figures and pages: stages of the whole study.


rule tables:
    """Gather the tables of the study: steps, contributions, quality, uncertainty, trials, findings, faults."""
    input:
        multiverse=of_everyone("multiverse"),
    output:
        record=f"{ROOT}/tables.json",
        tables=tables("tables"),
    log:
        f"{LOGS}/tables.log",
    benchmark:
        f"{LOGS}/tables.tsv"
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(1500, 1),
        runtime=for_trials(60, 0.1),
    params:
        study=study_file,
        settings=settings("roles"),
    message:
        "Tables of the study"
    shell:
        "aqbio tables {params.study:q} --log {log:q}"


rule hypotheses:
    """Judge the registered hypotheses, and write the tables with which the verdicts can be checked."""
    input:
        tables=rules.tables.output.record,
    output:
        record=f"{ROOT}/hypotheses.json",
        tables=tables("hypotheses"),
    log:
        f"{LOGS}/hypotheses.log",
    benchmark:
        f"{LOGS}/hypotheses.tsv"
    conda:
        "../envs/aqbio.yaml"
    threads: 2
    resources:
        mem_mb=for_trials(1500, 1),
        runtime=for_trials(60, 0.1),
    params:
        study=study_file,
        settings=settings("files", "quality", "hypotheses", "multiverse", "random"),
        registry=content("registry"),
        strength=content("strength"),
    message:
        "Verdicts on the hypotheses"
    shell:
        "aqbio hypotheses {params.study:q} --cores {threads} --log {log:q}"


rule figures:
    """Draw the figures as PDF and SVG, each beside the table that it is drawn from."""
    input:
        hypotheses=rules.hypotheses.output.record,
    output:
        record=f"{ROOT}/figures.json",
        figures=report(
            directory(f"{ROOT}/figures"),
            patterns=["{figure}.svg"],
            category="Figures",
            caption="../report/figures.rst",
        ),
        tables=tables("figures"),
    log:
        f"{LOGS}/figures.log",
    benchmark:
        f"{LOGS}/figures.tsv"
    conda:
        "../envs/aqbio.yaml"
    threads: 8
    resources:
        mem_mb=for_trials(1500, 1),
        runtime=for_trials(60, 0.1),
    params:
        study=study_file,
        settings=settings(
            "model", "roles", "quality", "figures", "hypotheses", "random"
        ),
        reference=content("reference"),
    message:
        "Figures"
    shell:
        "aqbio figures {params.study:q} --cores {threads} --log {log:q}"


rule report:
    """Write the pages of the study: answers, verdicts, quality, methods, and the way to every number."""
    input:
        pages=of_everyone("pages"),
        figures=rules.figures.output.record,
    output:
        record=f"{ROOT}/report.json",
        report=directory(f"{ROOT}/report"),
        tables=tables("report"),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.tsv"
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(1500, 1),
        runtime=for_trials(60, 0.1),
    params:
        study=study_file,
        settings=settings("hypotheses", "model", "report", "roles"),
        strength=content("strength"),
    message:
        "Pages of the study"
    shell:
        "aqbio report {params.study:q} --log {log:q}"
